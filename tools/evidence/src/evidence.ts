import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { judgingFor, type ModelInUse } from '@tessera/cli/evaluation';
import { drawSideBySide } from './drawing/draw-side-by-side.js';
import { HELP, type Options, parseOptions } from './options.js';
import { armsOf, runStudy } from './run-study.js';
import { useModel } from './use-model.js';
import { writeStudy } from './write-study.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const DOCS = join(ROOT, 'docs', 'evidence');
const REPORTS = join(ROOT, 'out', 'evidence');
const CACHE = join(ROOT, '.cache', 'evidence');

/** Milliseconds between lines of progress. */
const QUIET = 30_000;

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (!options) {
    console.log(HELP);
    return;
  }
  const controller = new AbortController();
  process.once('SIGINT', () => {
    controller.abort(new Error('Stopped. What is drawn is kept; the same command goes on.'));
  });
  const used = await useModel(options.model, options.threads);
  const { model } = used;
  try {
    const classes = model.manifest.condition;
    const store = join(CACHE, storeName(used, options));
    const { signal } = controller;
    const judging = await judgingFor({ classes, cacheFolder: store, signal });
    const { n, seed, batch, workers } = options;
    if (workers > 1) {
      const { model: folder, threads = 1 } = options;
      await drawSideBySide({
        task: { ...(folder === undefined ? {} : { model: folder }), threads, n, seed, batch, store },
        workers,
        arms: options.studies.flatMap((study) => armsOf(study, used)),
        signal,
        say: nowAndThen(),
      });
    }
    for (const study of options.studies) {
      const result = await runStudy({
        study,
        used,
        judging,
        n,
        seed,
        batch,
        store,
        signal,
        say: nowAndThen(),
      });
      await writeStudy(result, { docs: DOCS, reports: REPORTS }, classes);
      say(
        `${study.id}: docs/evidence/${study.id}.md, and all pictures in out/evidence/${study.id}/report.html`,
      );
    }
  } finally {
    await model.dispose();
  }
}

/** What all pictures of a folder have in common. */
function storeName({ identity, made }: ModelInUse, { seed, batch }: Options): string {
  return [
    identity.name,
    identity.sha256.slice(0, 12),
    `seed-${seed}`,
    made.device,
    made.dtype,
    `batch-${batch}`,
  ].join('-');
}

/** Says the first line and then one every half minute. */
function nowAndThen(): (line: string) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (line) => {
    const now = performance.now();
    if (now - last < QUIET) return;
    last = now;
    say(line);
  };
}

function say(text: string): void {
  console.error(`evidence: ${text}`);
}

main().catch((error: unknown) => {
  console.error(`evidence: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
