import { drawInFolder, judgingFor } from '@tessera/evaluation-report';
// A process that draws variants, one after the other, for the process that started it.
import { useModel } from '../use-model.js';
import type { DrawingTask, TaskMessage, WorkerMessage } from './protocol.js';

const task = JSON.parse(process.argv[2]!) as DrawingTask;
const controller = new AbortController();
const stop = (): void => controller.abort(new Error('Stopped.'));
// Ctrl-C reaches all processes of a terminal, and then once more from the one that started this, which says what is to
// be said: without a handler the second would end a save midway.
process.on('SIGINT', stop);
process.once('disconnect', stop);

function send(message: WorkerMessage): void {
  if (process.connected) process.send!(message);
}

function nextArm(): Promise<TaskMessage> {
  const answer = new Promise<TaskMessage>((resolve) => process.once('message', resolve));
  send({ type: 'ready' });
  return answer;
}

async function main(): Promise<void> {
  const { n, seed, batch, store } = task;
  const { signal } = controller;
  const used = await useModel(task.model, task.threads, signal);
  const classes = used.model.manifest.condition;
  const { loaded } = await judgingFor({ classes, cacheFolder: store, signal });
  for (;;) {
    const { arm } = await nextArm();
    if (!arm) break;
    await drawInFolder({
      used,
      loaded,
      variants: [arm],
      n,
      seed,
      batch,
      folder: store,
      keep: n,
      signal,
      onSeen: (name, done, total) => send({ type: 'seen', arm: name, done, total }),
      onStart: (done) => send({ type: 'drawn', arm: arm.name, done: done.get(arm.name)! }),
      onProgress(progress) {
        if (progress.phase !== 'drawing') return;
        send({ type: 'drawn', arm: arm.name, done: progress.done, seconds: progress.seconds });
      },
    });
  }
  await used.model.dispose();
}

main()
  .catch((error: unknown) => {
    if (!controller.signal.aborted) {
      send({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
    }
    process.exitCode = 1;
  })
  .finally(() => process.connected && process.disconnect());
