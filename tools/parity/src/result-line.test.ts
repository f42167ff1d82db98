import { describe, expect, it } from 'vitest';
import { costLine, resultLine } from './result-line.js';

const cost = { seconds: 1.234, mebibytes: 56.7 };
const base = { directory: 'A', kind: 'generate', name: 'linear3', cost };

describe('a result line', () => {
  it('shows the worst error beside its tolerance', () => {
    const checks = [
      { what: 'tokens of image 0', error: 2.7e-4, tolerance: 2e-3 },
      { what: 'iterations', error: 0, tolerance: 0 },
    ];
    expect(resultLine({ ...base, passed: true, checks })).toMatch(
      /^pass {2}A generate linear3 +error 2\.7e-4 +tolerance 2\.0e-3 +tokens of image 0 \(2 checks\)$/,
    );
  });

  it('counts the checks that failed', () => {
    const checks = [
      { what: 'iteration 3: cfg_iter', error: 2e-6, tolerance: 1e-6 },
      { what: 'iteration 4: cfg_iter', error: 3e-6, tolerance: 1e-6 },
      { what: 'iterations', error: 0, tolerance: 0 },
    ];
    expect(resultLine({ ...base, passed: false, checks })).toMatch(
      /^FAIL .*iteration 4: cfg_iter \(2 of 3 checks failed\)$/,
    );
  });

  it('is a single line that says why a case could not be replayed', () => {
    const line = resultLine({ ...base, directory: '', passed: false, checks: [], problem: 'No file.' });
    expect(line).toMatch(/^FAIL {2}\. generate linear3 +No file\.$/);
  });

  it('may close a run with the slowest case and the one that took the most memory', () => {
    const result = { ...base, passed: true, checks: [] };
    const other = { ...result, name: 'decode', cost: { seconds: 0.5, mebibytes: 80 } };
    expect(costLine([result, other])).toBe('slowest: linear3, 1.23 s; most memory: decode, 80 MiB');
  });
});
