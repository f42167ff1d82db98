import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { thisMachine } from '@tessera/evaluation-report/environment';
import { expect, onTestFinished, test } from 'vitest';
import { assertStudy, runStudy } from './run-study.js';
import type { Study } from './study.js';
import { fakeRun } from './testing/fake-run.js';
import type { Timing } from './timing.js';
import { writeStudy } from './write-study.js';

const SMALL: Study = {
  id: 'order',
  title: 'A small study',
  question: 'Does it work?',
  claim: 'Somebody said so.',
  method: 'Two orders.',
  arms: [
    { name: 'random', text: 'mar:3x2' },
    { name: 'by rows', text: 'raster:3x2' },
  ],
};

const OTHER: Study = {
  ...SMALL,
  id: 'speed',
  title: 'Another one',
  arms: [
    { name: 'MAR', text: 'mar:3x2' },
    { name: 'Halton', text: 'halton:3x2' },
  ],
  timed: true,
};

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'evidence-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const command = 'npm run evidence -- small';
const common = { n: 12, seed: 1, batch: 6, command, resamples: 100, timedRounds: 1, say: () => {} };
const { signal } = new AbortController();

test('an arm of two studies is drawn once, whatever they call it', async () => {
  const store = await temporaryFolder();
  const run = await fakeRun();
  await runStudy({ ...common, ...run, study: SMALL, store, signal });
  expect(run.drawn()).toBe(24);
  const timed = await runStudy({ ...common, ...run, study: OTHER, store, signal });
  // Halton's pictures; and those that are timed, a picture of each class and one to warm up, of both.
  expect(run.drawn()).toBe(24 + 12 + 2 * (3 + 1));
  const { arms, timing } = timed.evaluation.document;
  expect(timing).toEqual({ pictures: 3, threads: 1, machine: thisMachine() });
  const kept = JSON.parse(await readFile(join(store, 'timing-speed.json'), 'utf8')) as { timing: Timing };
  expect(arms.map(({ secondsPerImage }) => secondsPerImage)).toEqual(
    kept.timing.arms.map(({ secondsPerImage }) => secondsPerImage),
  );
  await runStudy({ ...common, ...run, study: OTHER, store, signal });
  expect(run.drawn()).toBe(24 + 12 + 8);
});

test('what a study changes since its own first run is told, whatever others of the folder were set to', async () => {
  const store = await temporaryFolder();
  const run = await fakeRun();
  const changesOf = async (study: Study, n: number): Promise<readonly string[]> =>
    (await runStudy({ ...common, ...run, n, study, store, signal })).evaluation.document.changes;
  expect(await changesOf(SMALL, 12)).toEqual([]);
  expect(await changesOf({ ...SMALL, id: 'head' }, 24)).toEqual([]);
  expect(await changesOf(SMALL, 24)).toEqual(['n: 12 → 24']);
});

test('too few pictures are refused before any is drawn', async () => {
  const store = await temporaryFolder();
  const options = { ...common, ...(await fakeRun()), study: SMALL, store, signal };
  expect(() => assertStudy(options)).not.toThrow();
  expect(() => assertStudy({ ...options, n: 5 })).toThrow(/n = 5/);
});

test('a study that is stopped goes on where it was', async () => {
  const store = await temporaryFolder();
  const run = await fakeRun();
  const controller = new AbortController();
  let batches = 0;
  const stopped = runStudy({
    ...common,
    ...run,
    study: SMALL,
    store,
    signal: controller.signal,
    say: (line) => line.includes('s/image') && ++batches === 3 && controller.abort(new Error('enough')),
  });
  await expect(stopped).rejects.toThrow('enough');
  expect(run.drawn()).toBe(18);
  await runStudy({ ...common, ...run, study: SMALL, store, signal });
  expect(run.drawn()).toBe(24);
});

test('a study is a page, its numbers, a plot and a sheet; a new run keeps its conclusions', async () => {
  const [store, docs, reports] = [await temporaryFolder(), await temporaryFolder(), await temporaryFolder()];
  const run = await fakeRun();
  const classes = run.used.model.manifest.condition;
  const result = await runStudy({ ...common, ...run, study: OTHER, store, signal });
  await writeStudy(result, { docs, reports }, classes);
  expect((await readdir(docs)).sort()).toEqual(
    ['README.md', 'speed-speed.svg', 'speed.json', 'speed.md', 'speed.png', 'speed.svg'].sort(),
  );
  expect(await readdir(join(reports, 'speed'))).toContain('report.html');
  const path = join(docs, 'speed.md');
  const page = await readFile(path, 'utf8');
  const times = 'Times: medians of 3 pictures of each arm, one at a time and the arms in turn, 1 thread, ';
  for (const part of ['# Another one', 'Does it work?', '`halton:3x2`', times, command]) {
    expect(page).toContain(part);
  }
  expect(page).toMatch(/\| Halton \| MAR \| .* \| \*\*(better|same|worse|undecided)\*\* \|/);
  expect(page).not.toMatch(/undefined|NaN|\[object/);

  await writeFile(path, page.replace('_None yet._', 'It **works**.'));
  await writeStudy(result, { docs, reports }, classes);
  expect(await readFile(path, 'utf8')).toBe(page.replace('_None yet._', 'It **works**.'));
  const more = await runStudy({ ...common, ...run, n: 24, study: OTHER, store, signal });
  await writeStudy(more, { docs, reports }, classes);
  await writeStudy(more, { docs, reports }, classes);
  const marked = await readFile(path, 'utf8');
  expect(marked.match(/From an earlier run\*\*, 12 pictures an arm/g)).toHaveLength(1);
  expect(marked).toContain('It **works**.');
  const index = await readFile(join(docs, 'README.md'), 'utf8');
  expect(index).toMatch(/24 pictures an arm by fake \(.*\); verdicts in Fréchet distance: 1 /);
  expect(index.match(/_Not run yet\._/g)).toHaveLength(5);
});
