import { verdictOf } from '@tessera/evaluate';
import { expect, test } from 'vitest';
import { changesNote, fewPicturesNote, findingsOf, marginNote } from './findings.js';
import { reportTable, verdictAgainstFirst } from './report-table.js';
import { baselinesLine } from './report-text.js';
import { SAMPLE_EVALUATION } from './testing/sample-evaluation.js';

test('each comparison is a sentence that a stranger understands', () => {
  const [same, undecided, better, worse] = findingsOf(SAMPLE_EVALUATION, { timed: true });
  expect(same).toBe(
    'gtr-32 is as good as mar: their Fréchet distances differ by less than the margin of 0.40. It is 2.72× as fast.',
  );
  expect(undecided).toContain('between 0.05 lower and 0.84 higher, and the margin is 0.40.');
  expect(better).toContain('is better than mar: its Fréchet distance is lower by 0.60 to 1.30.');
  expect(worse).toContain('is worse than mar: its Fréchet distance is higher by 13.60 to 15.00.');
});

test('a margin far below the differences is not rounded to none', () => {
  const [first] = SAMPLE_EVALUATION.comparisons.filter(({ metric }) => metric === 'frechet');
  const wide = { value: 3, low: -14, high: 20 };
  const comparison = { ...first!, difference: wide, margin: 0.21, verdict: 'undecided' } as const;
  const [sentence] = findingsOf({ ...SAMPLE_EVALUATION, comparisons: [comparison] }, { timed: false });
  expect(sentence).toContain('between 14 lower and 20 higher, and the margin is 0.2.');
});

test('recall is told beside, and forbids a verdict that it contradicts', () => {
  const recallOf = (low: number, high: number) => {
    const difference = { value: (low + high) / 2, low, high };
    const verdict = verdictOf(difference, 0.05, 'more');
    const recall = {
      arm: 'gtr-32',
      against: 'mar',
      metric: 'recall',
      difference,
      margin: 0.05,
      verdict,
    } as const;
    const report = { ...SAMPLE_EVALUATION, comparisons: [...SAMPLE_EVALUATION.comparisons, recall] };
    return [findingsOf(report, { timed: false })[0], verdictAgainstFirst(report, 'gtr-32')];
  };
  expect(recallOf(-0.12, -0.061)).toEqual([
    expect.stringContaining('Its recall is lower by 6.1 to 12.0 points: it lost variety.'),
    'worse',
  ]);
  expect(recallOf(-0.12, 0.01)[1]).toBe('undecided');
  expect(recallOf(-0.02, 0.01)).toEqual([
    expect.stringContaining('Its recall differs by less than the margin of 5.0 points.'),
    'same',
  ]);
});

test('without comparable times nothing is said of speed', () => {
  expect(findingsOf(SAMPLE_EVALUATION, { timed: false }).join(' ')).not.toMatch(/fast|long/);
});

test('without a margin a difference is undecided all the same, and none is told', () => {
  const [comparison] = SAMPLE_EVALUATION.comparisons;
  const comparisons = [{ ...comparison!, margin: null, verdict: 'undecided' as const }];
  const report = { ...SAMPLE_EVALUATION, margins: { frechet: null, kid: null }, comparisons };
  expect(findingsOf(report, { timed: false })[0]).toMatch(/between 0\.10 lower and 0\.31 higher\.$/);
  expect(marginNote(report)).toContain('No margin is set');
  expect(marginNote({ ...report, comparisons: [] })).toBeUndefined();
  expect(marginNote(SAMPLE_EVALUATION)).toBeUndefined();
});

test('so few pictures a class that intervals are too narrow are told', () => {
  expect(fewPicturesNote({ n: 60, classes: 12 })).toBeUndefined();
  expect(fewPicturesNote({ n: 59, classes: 12 })).toContain('59 pictures of 12 classes are few');
});

test('the table has a row a variant, and the verdict against the first', () => {
  const { head, rows, alignRight } = reportTable(SAMPLE_EVALUATION, { timed: true });
  expect(rows.map((row) => row[0])).toEqual(SAMPLE_EVALUATION.arms.map(({ name }) => name));
  expect(rows.map((row) => row.at(-1))).toEqual(['', 'same', 'undecided', 'better', 'worse']);
  expect(rows[1]).toContain('3.03 [2.81, 3.28]');
  for (const row of rows) expect([row.length, alignRight.length]).toEqual([head.length, head.length]);
});

test('the floors are told in a line', () => {
  expect(baselinesLine(SAMPLE_EVALUATION)).toContain('Fréchet distance 1.020 ± 0.050');
  expect(baselinesLine(SAMPLE_EVALUATION)).not.toContain('too few');
});

test('a floor of fewer pictures than a variant has is told as such', () => {
  const { floors, ...rest } = SAMPLE_EVALUATION;
  expect(baselinesLine({ ...rest, floors: { ...floors, count: 500 } })).toContain(
    '(10 splits of 500). There are too few real ones for a floor at 1200',
  );
});

test('times that are not to be compared are dashes in the table', () => {
  const timed = reportTable(SAMPLE_EVALUATION, { timed: true });
  const apart = reportTable(SAMPLE_EVALUATION, { timed: false });
  expect(timed.rows[1]!.slice(1, 3)).toEqual(['0.81', '2.72×']);
  for (const row of apart.rows) expect(row.slice(1, 3)).toEqual(['–', '–']);
  expect(apart.rows.map((row) => row.slice(3))).toEqual(timed.rows.map((row) => row.slice(3)));
});

test('what was not set beforehand is told', () => {
  expect(changesNote({ changes: [] })).toBeUndefined();
  expect(changesNote({ changes: ['n: 240 → 1200', 'margin in KID: 0.1 → 0.2'] })).toContain(
    'with its result known: n: 240 → 1200; margin in KID: 0.1 → 0.2.',
  );
});
