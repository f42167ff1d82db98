import { InvalidOptionError } from '@tessera/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { overallVerdict, verdictOf } from './verdict.js';

const number = fc.double({ min: -10, max: 10, noNaN: true });
const estimate = fc
  .tuple(number, number, number)
  .map((values) => values.toSorted((a, b) => a - b))
  .map(([low, value, high]) => ({ low: low!, value: value!, high: high! }));
const margin = fc.double({ min: 0, max: 10, noNaN: true });

describe('verdictOf', () => {
  it('says one word for each of the cases', () => {
    const say = (low: number, high: number) => verdictOf({ value: (low + high) / 2, low, high }, 1);
    expect(say(-0.5, 0.8)).toBe('same');
    expect(say(-3, -0.5)).toBe('better');
    expect(say(0.5, 3)).toBe('worse');
    expect(say(-3, 0.5)).toBe('undecided');
    expect(say(-3, 3)).toBe('undecided');
    // Real, but too small to matter.
    expect(say(0.2, 0.9)).toBe('same');
  });

  it('calls nothing the same where no margin was set', () => {
    const say = (low: number, high: number) => verdictOf({ value: (low + high) / 2, low, high }, null);
    expect([say(0, 0), say(-0.1, 0.1), say(0.2, 0.9), say(-0.9, -0.2)]).toEqual([
      'undecided',
      'undecided',
      'worse',
      'better',
    ]);
  });

  it('is never better and worse at once: turned round, better is worse and all else stays', () => {
    const opposite = { better: 'worse', worse: 'better', same: 'same', undecided: 'undecided' };
    fc.assert(
      fc.property(estimate, margin, ({ low, value, high }, width) => {
        const turned = verdictOf({ low: -high, value: -value, high: -low }, width);
        expect(turned).toBe(opposite[verdictOf({ low, value, high }, width)]);
      }),
    );
  });

  it('stays decided when the interval shrinks, but that better or worse may become same', () => {
    fc.assert(
      fc.property(estimate, margin, ({ low, value, high }, width) => {
        const before = verdictOf({ low, value, high }, width);
        const after = verdictOf({ low: (low + value) / 2, value, high: (high + value) / 2 }, width);
        if (before !== 'undecided') expect([before, 'same']).toContain(after);
      }),
    );
  });

  it('takes the other side for better where more is', () => {
    fc.assert(
      fc.property(estimate, margin, ({ low, value, high }, width) => {
        const turned = verdictOf({ low: -high, value: -value, high: -low }, width);
        expect(verdictOf({ low, value, high }, width, 'more')).toBe(turned);
      }),
    );
  });

  it('refuses a margin below 0', () => {
    expect(() => verdictOf({ value: 0, low: -1, high: 1 }, -0.1)).toThrow(InvalidOptionError);
  });

  it('refuses an interval that is none', () => {
    for (const [low, high] of [
      [Number.NaN, 1],
      [-1, Number.NaN],
      [1, -1],
    ] as const) {
      expect(() => verdictOf({ value: 0, low, high }, 1)).toThrow(InvalidOptionError);
    }
  });
});

describe('overallVerdict', () => {
  const distance = (verdict: 'better' | 'same' | 'worse' | 'undecided') =>
    ({ metric: 'frechet', difference: { value: 0, low: -1, high: 1 }, margin: 2, verdict }) as const;
  const recall = (low: number, high: number) => {
    const difference = { value: (low + high) / 2, low, high };
    return {
      metric: 'recall',
      difference,
      margin: 0.05,
      verdict: verdictOf(difference, 0.05, 'more'),
    } as const;
  };

  it('is that of the distance where recall is no lower than its margin allows, or was not compared', () => {
    for (const verdict of ['better', 'same', 'worse', 'undecided'] as const) {
      expect(overallVerdict([distance(verdict)])).toBe(verdict);
      expect(overallVerdict([distance(verdict), recall(-0.04, 0.09)])).toBe(verdict);
    }
    expect(overallVerdict([])).toBeUndefined();
  });

  it('is worse with recall that is lower, and undecided with recall that may be', () => {
    for (const verdict of ['better', 'same', 'undecided'] as const) {
      expect(overallVerdict([distance(verdict), recall(-0.09, -0.01)])).toBe('worse');
      expect(overallVerdict([distance(verdict), recall(-0.09, 0.01)])).toBe('undecided');
    }
    expect(overallVerdict([distance('worse'), recall(0.1, 0.2)])).toBe('worse');
  });
});
