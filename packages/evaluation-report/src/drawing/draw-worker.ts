// A process that draws one variant for the process that started it.
import { loadModel } from '@tessera/runtime-node';
import { describeModel } from '../environment.js';
import { drawInFolder } from '../evaluate-in-folder.js';
import { networkFor } from '../network-with-reference.js';
import type { Variant } from '../variant.js';
import type { DrawingReport, DrawingTask } from './draw-side-by-side.js';

const task = JSON.parse(process.argv[2]!) as DrawingTask & { readonly variant: Variant };
const controller = new AbortController();
const stop = (): void => controller.abort(new Error('Stopped.'));
// Ctrl-C reaches all processes of a terminal, and then once more from the one that started this: without a handler the
// second would end a save midway.
process.on('SIGINT', stop);
process.once('disconnect', stop);

function report(message: DrawingReport): void {
  if (process.connected) process.send!(message);
}

async function main(): Promise<void> {
  const { signal } = controller;
  const { variant, model, location, load } = task;
  const used = await describeModel(await loadModel(model, { ...load, signal }), location);
  const { name } = variant;
  try {
    const loaded = await networkFor({ ...task, manifest: used.model.manifest });
    await drawInFolder({
      ...task,
      used,
      loaded,
      variants: [variant],
      signal,
      onSeen: (_, done, total) => report({ type: 'seen', name, done, total }),
      onStart: (done) => report({ type: 'drawn', name, done: done.get(name)! }),
      onProgress(progress) {
        if (progress.phase !== 'drawing') return;
        report({ type: 'drawn', name, done: progress.done, seconds: progress.seconds });
      },
    });
  } finally {
    await used.model.dispose();
  }
}

main()
  .catch((error: unknown) => {
    if (!controller.signal.aborted) {
      report({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
    }
    process.exitCode = 1;
  })
  .finally(() => process.connected && process.disconnect());
