import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EvaluationDocument } from '../evaluation-document.js';
import { fakeRun } from '../testing/fake-run.js';
import { SMALL_STUDY } from '../testing/small-study.js';
import { newTemporaryFolder } from '../testing/temporary-folder.js';
import { resultsFingerprint } from './results-fingerprint.js';
import { runStudy } from './run-study.js';
import type { Study } from './study.js';
import { studyPage } from './study-page.js';

let folder: string;
let document: EvaluationDocument;
beforeAll(async () => {
  folder = await newTemporaryFolder();
  const { signal } = new AbortController();
  const run = await fakeRun();
  ({ document } = await runStudy({ ...run, study: SMALL_STUDY, folder, command: 'again', signal }));
});
afterAll(() => rm(folder, { recursive: true }));

function page(changes: Partial<EvaluationDocument>, study: Partial<Study> = {}): string {
  return studyPage({ ...SMALL_STUDY, ...study }, { ...document, ...changes });
}

test('conclusions from other results are marked, with what to set once they were read again', () => {
  const fingerprint = resultsFingerprint(document);
  const conclusions = { basis: fingerprint, text: ['It **works**.'] };
  expect(page({}, { conclusions })).toContain('## Conclusions\n\nIt **works**.\n\n## Results');
  const { frechet, kid } = document.margins;
  for (const changes of [
    { n: 24 },
    { margins: { frechet: frechet! + 1, kid } },
    { comparisons: document.comparisons.slice(1) },
    {
      comparisons: document.comparisons.map((each) => ({
        ...each,
        difference: { value: 9, low: 8, high: 10 },
      })),
    },
  ]) {
    const marked = page(changes, { conclusions });
    const now = resultsFingerprint({ ...document, ...changes });
    expect(marked).toContain(
      `> **From other results.** Read these conclusions against the numbers below, then set`,
    );
    expect(marked).toContain(`in the study to \`${now}\`.\n\nIt **works**.`);
    expect(now).not.toBe(fingerprint);
  }
  // What no page shows changes nothing.
  const [first, ...others] = document.comparisons;
  const { difference } = first!;
  const nearly = { ...first!, difference: { ...difference, value: difference.value + 1e-9 } };
  expect(resultsFingerprint({ ...document, comparisons: [nearly, ...others] })).toBe(fingerprint);
});

test('a study of one go says nothing of looks or set-ups', () => {
  expect(page({})).not.toMatch(/first look|Changed since|different set-ups/);
  expect(page({})).toContain('1 thread; tessera ');
});

test('a first look at fewer pictures is told as what it is', () => {
  const text = page({ n: 1200, changes: ['n: 240 → 1200'] }, { n: 1200 });
  expect(text).toContain(
    'A first look was taken at 240 pictures of each variant; that the study has 1200, and the margin, were set before it.',
  );
  expect(text).not.toContain('Changed since');
});

test.each([
  ['more pictures than the study has', 2400, ['n: 1200 → 2400']],
  ['another margin', 1200, ['n: 240 → 1200', 'margin in KID: 0.1 → 0.39']],
  ['fewer pictures', 1200, ['n: 2400 → 1200']],
])('%s after a result was known are told as changes', (_, n, changes) => {
  expect(page({ n, changes }, { n: 1200 })).toContain(`with its result known: ${changes.join('; ')}.`);
});

test('pictures of several set-ups are told, with every version', () => {
  const { made } = document;
  const text = page({ made: { ...made, threads: [1, 2], versions: { tessera: ['0.1.0', '0.2.0'] } } });
  expect(text).toContain('different set-ups: tessera 0.1.0 and 0.2.0; 1 and 2 threads.');
  expect(text).toContain('1 and 2 threads; tessera 0.1.0 and 0.2.0.');
});

test('a margin is said to be set beforehand only where it was', () => {
  const changed = page({ n: 1200, changes: ['n: 240 → 1200', 'margin in KID: 0.1 → 0.39'] });
  expect(page({ n: 1200, changes: ['n: 240 → 1200'] })).toContain('The margin, set beforehand, is 1.9 ');
  expect(changed).toContain('The margin, changed as is told below, is 1.9 ');
  expect(changed).not.toContain('beforehand');
});

test('a distance is told as a multiple of the floor only where that is of as many pictures', () => {
  const { arms, floors } = document;
  const multiple = ` | ${(arms[0]!.metrics.frechet.value / floors.frechet.mean).toFixed(2)} | `;
  const fewer = page({ floors: { ...floors, count: 6 } });
  expect([page({}).includes(multiple), fewer.includes(multiple)]).toEqual([true, false]);
  expect(fewer).toContain('(10 splits of 6)');
  expect(fewer).toContain('There are too few for a floor at 12, which would be lower.');
});
