import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EvaluationRequestError, judgingFor } from '@tessera/evaluation-report';
import type { ModelInUse } from '@tessera/evaluation-report/environment';
import { drawSideBySide } from './drawing/draw-side-by-side.js';
import { commandOf, HELP, isRecord, type Options, parseOptions } from './options.js';
import { assertStudy, runStudy, variantsOf } from './run-study.js';
import { useModel } from './use-model.js';
import { assertPages, writeStudy } from './write-study.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const DOCS = join(ROOT, 'docs', 'evidence');
const REPORTS = join(ROOT, 'out', 'evidence');
/** Pages and reports of runs that aren't for the record. */
const LOOKS = join(REPORTS, 'looks');
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
  const { signal } = controller;
  const used = await useModel(options.model, options.threads, signal);
  const { model } = used;
  try {
    signal.throwIfAborted();
    const classes = model.manifest.condition;
    const store = join(CACHE, storeName(used, options));
    const judging = await judgingFor({ classes, cacheFolder: store, signal }).catch((error: unknown) => {
      if (!EvaluationRequestError.isInstance(error)) throw error;
      // Its advice is options that there are none of here.
      const problem =
        'The judge does not know the classes of this model. --model takes one of its classes, with their names';
      throw new Error(`${problem}; use "tessera evaluate" for others.`, { cause: error });
    });
    const { n, seed, batch, workers } = options;
    const studies = options.studies.map((study) => ({
      ...{ study, used, judging, n, seed, batch, store, signal },
      command: commandOf(study, options),
      say: nowAndThen(),
    }));
    const [docs, reports] = isRecord(options) ? [DOCS, REPORTS] : [LOOKS, LOOKS];
    for (const each of studies) {
      assertStudy(each);
      await assertPages(docs, each.study);
    }
    if (workers > 1) {
      const { model: folder, threads = 1 } = options;
      await drawSideBySide({
        task: { ...(folder === undefined ? {} : { model: folder }), threads, n, seed, batch, store },
        workers,
        arms: options.studies.flatMap((study) => variantsOf(study, used)),
        signal,
        say: nowAndThen(),
      });
    }
    for (const each of studies) {
      const { study } = each;
      const result = await runStudy(each);
      await writeStudy(result, { docs, reports }, classes);
      const [page, report] = [join(docs, `${study.id}.md`), join(reports, study.id, 'report.html')];
      say(`${study.id}: ${relative(ROOT, page)}, and all pictures in ${relative(ROOT, report)}`);
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
