import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EvaluationDocument } from '@tessera/evaluation-report';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runStudy, type StudyResult } from './run-study.js';
import { studyPage } from './study-page.js';
import { fakeRun } from './testing/fake-run.js';

async function smallStudy(store: string): Promise<StudyResult> {
  const arms = [
    { name: 'random', text: 'mar:3x2' },
    { name: 'by rows', text: 'raster:3x2' },
  ];
  const words = {
    id: 'small',
    title: 'Small',
    question: 'Does it work?',
    claim: 'Yes.',
    method: 'Two orders.',
  };
  return runStudy({
    ...(await fakeRun()),
    study: { ...words, arms },
    ...{ n: 12, seed: 1, batch: 6, resamples: 100, command: 'npm run evidence -- small' },
    store,
    signal: new AbortController().signal,
    say: () => {},
  });
}

let store: string;
let result: StudyResult;
beforeAll(async () => {
  store = await mkdtemp(join(tmpdir(), 'evidence-'));
  result = await smallStudy(store);
});
afterAll(() => rm(store, { recursive: true }));

function page(changes: Partial<EvaluationDocument>): string {
  const { evaluation } = result;
  return studyPage(
    { ...result, evaluation: { ...evaluation, document: { ...evaluation.document, ...changes } } },
    undefined,
  );
}

test('a study of one go says nothing of looks or set-ups', () => {
  expect(page({})).not.toMatch(/first look|Changed since|different set-ups/);
  expect(page({})).toContain('1 thread; tessera ');
});

test('a first look at fewer pictures is told as what it is', () => {
  const text = page({ n: 1200, changes: ['n: 240 → 1200'] });
  expect(text).toContain(
    'A first look was taken at 240 pictures an arm; that the record has 1200, and the margin, were set before it.',
  );
  expect(text).not.toContain('Changed since');
});

test.each([
  ['more pictures than the record has', 2400, ['n: 1200 → 2400']],
  ['another margin', 1200, ['n: 240 → 1200', 'margin in KID: 0.1 → 0.39']],
  ['fewer pictures', 1200, ['n: 2400 → 1200']],
])('%s after a result was known are told as changes', (_, n, changes) => {
  expect(page({ n, changes })).toContain(`with its result known: ${changes.join('; ')}.`);
});

test('pictures of several set-ups are told, with every version', () => {
  const { made } = result.evaluation.document;
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
  const { arms, floors } = result.evaluation.document;
  const multiple = ` | ${(arms[0]!.metrics.frechet.value / floors.frechet.mean).toFixed(2)} | `;
  const fewer = page({ floors: { ...floors, count: 6 } });
  expect([page({}).includes(multiple), fewer.includes(multiple)]).toEqual([true, false]);
  expect(fewer).toContain('(10 splits of 6)');
  expect(fewer).toContain('There are too few for a floor at 12, which would be lower.');
});
