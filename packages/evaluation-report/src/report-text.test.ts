import { expect, test } from 'vitest';
import { reportText } from './report-text.js';
import { SAMPLE_EVALUATION } from './testing/sample-evaluation.js';

/** Two variants, as lines for a terminal so wide. */
function said(columns: number | undefined): string[] {
  const arms = SAMPLE_EVALUATION.arms.slice(0, 2);
  const document = { ...SAMPLE_EVALUATION, arms, comparisons: SAMPLE_EVALUATION.comparisons.slice(0, 2) };
  const lines = reportText(document, { columns });
  return lines.slice(
    2,
    lines.findIndex((line) => line.startsWith('Real pictures')),
  );
}

test('a table that is too wide for a terminal is two, which leave nothing out', () => {
  const [head, ...whole] = said(undefined);
  expect(whole.filter((line) => line.startsWith('gtr-32'))).toHaveLength(1);
  expect(said(120)).toEqual([head, ...whole]);
  const narrow = said(80);
  expect(Math.max(...narrow.map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(narrow.filter((line) => line.startsWith('gtr-32'))).toHaveLength(2);
  expect(narrow[0]).toMatch(/^variant +s\/image +speed +Fréchet +verdict$/);
  const words = (lines: readonly (string | undefined)[]): string[] =>
    [...new Set(lines.join(' ').split(/\s+/))].sort();
  expect(words(narrow)).toEqual(words([head, ...whole]));
});
