import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { thisMachine } from '../environment.js';
import { assertFolderEvaluation } from '../evaluate-in-folder.js';
import { subjectsOf } from '../subjects.js';
import { fakeRun } from '../testing/fake-run.js';
import { SMALL_STUDY } from '../testing/small-study.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { runStudy, studyEvaluation } from './run-study.js';
import type { Study } from './study.js';
import { renderStudy, writeStudy } from './write-study.js';

const TIMED: Study = {
  ...SMALL_STUDY,
  id: 'timed',
  title: 'Another one',
  variants: [
    { name: 'MAR', sampler: 'mar:3x2' },
    { name: 'Halton', sampler: 'halton:3x2' },
  ],
  timed: true,
};

const { signal } = new AbortController();
const common = { command: 'tessera evaluate --study small.json', timedRounds: 1, signal };

test('a variant of two studies is drawn once, whatever they call it', async () => {
  const [folder, run] = [await temporaryFolder(), await fakeRun()];
  await runStudy({ ...common, ...run, study: SMALL_STUDY, folder });
  expect(run.drawn()).toBe(24);
  const { document } = await runStudy({ ...common, ...run, study: TIMED, folder });
  // Halton's pictures; and those that are timed, a picture of each class and one to warm up, of both.
  expect(run.drawn()).toBe(24 + 12 + 2 * (3 + 1));
  expect(document.timing).toEqual({ pictures: 3, threads: 1, machine: thisMachine() });
  const again = await runStudy({ ...common, ...run, study: TIMED, folder });
  expect(again.document.arms).toEqual(document.arms);
  expect(run.drawn()).toBe(24 + 12 + 8);
});

test('what a study changes since its own first run is told, whatever others of the folder were set to', async () => {
  const [folder, run] = [await temporaryFolder(), await fakeRun()];
  const changesOf = async (study: Study): Promise<readonly string[]> =>
    (await runStudy({ ...common, ...run, study, folder })).document.changes;
  expect(await changesOf(SMALL_STUDY)).toEqual([]);
  expect(await changesOf({ ...SMALL_STUDY, id: 'head', n: 24 })).toEqual([]);
  expect(await changesOf({ ...SMALL_STUDY, n: 24, margins: { frechet: 3 } })).toEqual([
    'n: 12 → 24',
    'margin in Fréchet distance: 1.9 → 3',
  ]);
});

test('too few pictures are refused before any is drawn', async () => {
  const options = { ...common, ...(await fakeRun()), folder: 'unused' };
  const assertStudy = (study: Study) => assertFolderEvaluation(studyEvaluation({ ...options, study }));
  expect(() => assertStudy(SMALL_STUDY)).not.toThrow();
  expect(() => assertStudy({ ...SMALL_STUDY, n: 5 })).toThrow(/n = 5/);
});

test('a study that is stopped goes on where it was', async () => {
  const [folder, run] = [await temporaryFolder(), await fakeRun()];
  const controller = new AbortController();
  let batches = 0;
  const stopped = runStudy({
    ...common,
    ...run,
    study: SMALL_STUDY,
    folder,
    signal: controller.signal,
    onProgress: ({ phase }) =>
      phase === 'drawing' && ++batches === 3 && controller.abort(new Error('enough')),
  });
  await expect(stopped).rejects.toThrow('enough');
  expect(run.drawn()).toBe(18);
  await runStudy({ ...common, ...run, study: SMALL_STUDY, folder });
  expect(run.drawn()).toBe(24);
});

test('a study is a page, its record, plots and a sheet; the page can be made again from the record', async () => {
  const [folder, pages, run] = [await temporaryFolder(), await temporaryFolder(), await fakeRun()];
  const subjects = subjectsOf(run.used.model.manifest, run.measuring.loaded);
  const { document, pictures } = await runStudy({ ...common, ...run, study: TIMED, folder });
  await writeStudy(pages, TIMED, document, { pictures, subjects });
  expect((await readdir(pages)).sort()).toEqual(
    ['timed-speed.svg', 'timed.json', 'timed.md', 'timed.png', 'timed.svg'].sort(),
  );
  const path = join(pages, 'timed.md');
  const page = await readFile(path, 'utf8');
  const times =
    'Times: medians of 3 pictures of each variant, one at a time and the variants in turn, 1 thread, ';
  for (const part of [
    '# Another one',
    'Does it work?',
    '`halton:3x2`',
    times,
    common.command,
    '_None yet._',
  ]) {
    expect(page).toContain(part);
  }
  expect(page).toMatch(/\| Halton \| MAR \| .* \| \*\*(better|same|worse|undecided)\*\* \|/);
  expect(page).not.toMatch(/undefined|NaN|\[object/);
  const [, basis] = /Fingerprint of the results: ([0-9a-f]{12})\./.exec(page)!;
  const concluded = { ...TIMED, conclusions: { basis: basis!, text: ['It **works**.', '', 'It does.'] } };
  await renderStudy(pages, concluded);
  expect(await readFile(path, 'utf8')).toBe(page.replace('_None yet._', 'It **works**.\n\nIt does.'));
});

test('a study without a record can’t be rendered', async () => {
  await expect(renderStudy(await temporaryFolder(), SMALL_STUDY)).rejects.toMatchObject({
    code: 'evaluation-request',
    message: expect.stringContaining('There is no record of the study at '),
  });
});
