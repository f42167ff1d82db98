import { describe, expect, it } from 'vitest';
import { halvingRounds } from './halving.js';
import { agreementOf, pixelNetwork } from './pixel-network.js';
import { confirmedVerdict, normalShare, type Standing, worthOf } from './worth.js';

const line = (
  metric: 'frechet' | 'kid' | 'recall',
  value: number,
  half: number,
  verdict = 'undecided' as const,
) => ({
  metric,
  difference: { value, low: value - half, high: value + half },
  margin: 1,
  verdict,
});
const standing = (speedup: number, value: number, half = 1): Standing => ({
  speedup,
  n: 1200,
  comparisons: [line('frechet', value, half), line('recall', 0, 0.1)],
});

describe('worthOf', () => {
  const same = { kind: 'same-as' } as const;

  it('grows with speed where quality is equal, and with quality where speed is', () => {
    expect(worthOf(standing(8, 0), same)).toBeGreaterThan(worthOf(standing(4, 0), same));
    expect(worthOf(standing(8, 0), same)).toBeGreaterThan(worthOf(standing(8, 1), same));
    const budget = { kind: 'budget', seconds: 1 } as const;
    expect(worthOf(standing(2, 0), budget)).toBeGreaterThan(worthOf(standing(8, 1), budget));
  });

  it('prefers the slower one that is surely the same to a faster one that surely isn’t', () => {
    expect(worthOf(standing(2, 0, 0.1), same)).toBeGreaterThan(worthOf(standing(50, 3, 0.1), same));
  });

  it('leaves recall open where pictures are few, however narrow its interval came out', () => {
    const lost = (n: number) =>
      worthOf({ speedup: 8, n, comparisons: [{ ...line('recall', -0.06, 0.001), margin: 0.047 }] }, same);
    expect(lost(24)).toBeGreaterThan(0.4 * Math.log(8));
    expect(lost(120_000)).toBeLessThan(0.01);
  });

  it('counts a loss of recall as one', () => {
    const lost = { speedup: 8, n: 1200, comparisons: [line('frechet', 0, 0.1), line('recall', -3, 0.1)] };
    expect(worthOf(lost, same)).toBeLessThan(1e-6);
  });
});

describe('confirmedVerdict', () => {
  it('needs both distances', () => {
    const both = (frechet: string, kid: string) =>
      confirmedVerdict([
        { ...line('frechet', 0, 1), verdict: frechet as 'same' },
        { ...line('kid', 0, 1), verdict: kid as 'same' },
      ]);
    expect([
      both('same', 'same'),
      both('better', 'same'),
      both('same', 'undecided'),
      both('same', 'worse'),
    ]).toEqual(['same', 'better', 'undecided', 'worse']);
  });
});

describe('normalShare', () => {
  it('is the share of a normal distribution below', () => {
    for (const [x, share] of [
      [0, 0.5],
      [1, 0.8413447],
      [-1.959964, 0.025],
      [9, 1],
    ] as const)
      expect(normalShare(x)).toBeCloseTo(share, 6);
  });
});

describe('halvingRounds', () => {
  it('halves candidates and doubles pictures until the finalists are left', () => {
    expect(halvingRounds(24, 24)).toEqual([
      { candidates: 24, n: 24 },
      { candidates: 12, n: 48 },
      { candidates: 6, n: 96 },
      { candidates: 3, n: 192 },
    ]);
    expect(halvingRounds(1, 12)).toEqual([{ candidates: 1, n: 12 }]);
  });
});

describe('agreementOf', () => {
  const pictures = (values: readonly number[]) =>
    values.map((value, index) => ({ index, features: Float32Array.of(value, value) })) as never;

  it('is 1 for the same pictures and 0 for pictures as far as others of the class', () => {
    const reference = pictures([0, 10, 4, 14, 0, 10]);
    expect(agreementOf(reference, reference, 2)).toEqual({ value: 1, error: 0 });
    expect(agreementOf(pictures([4, 14, 8, 18, 4, 14]), reference, 2).value).toBeCloseTo(0, 12);
  });

  it('reads mean colours of cells from pictures of any size', async () => {
    const data = new Uint8Array(16 * 4 * 3).fill(51);
    const { features } = await pixelNetwork.extract([{ width: 16, height: 4, data }]);
    expect(features).toHaveLength(192);
    expect(new Set(features)).toEqual(new Set([Math.fround(0.2), 0]));
  });
});
