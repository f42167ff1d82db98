import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diagonalSubsets, quincunxSubsets } from './bisection.js';

const bisections = [
  ['diagonalSubsets', diagonalSubsets],
  ['quincunxSubsets', quincunxSubsets],
] as const;

const sizes = (subsets: readonly Uint32Array[]) => subsets.map((subset) => subset.length);

describe.each(bisections)('%s', (_, bisection) => {
  it('put each position of any grid into exactly one subset', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 24 }),
        fc.integer({ min: 1, max: 24 }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(0, 1),
        (height, width, stages, firstColour) => {
          const subsets = bisection({ height, width }, stages, { firstColour });
          expect(subsets).toHaveLength(stages);
          const all = subsets.flatMap((subset) => [...subset]).sort((a, b) => a - b);
          expect(all).toEqual([...Array(height * width).keys()]);
        },
      ),
    );
  });

  it.each([0, 1] as const)('have the sizes of the paper with firstColour %d', (firstColour) => {
    expect(sizes(bisection({ height: 16, width: 16 }, 3, { firstColour }))).toEqual([64, 64, 128]);
    expect(sizes(bisection({ height: 32, width: 32 }, 4, { firstColour }))).toEqual([128, 128, 256, 512]);
    expect(sizes(bisection({ height: 16, width: 16 }, 1, { firstColour }))).toEqual([256]);
  });

  it.each([0, 1] as const)(
    'end with the whole colour of the checkerboard that is not of firstColour %d',
    (firstColour) => {
      const shape = { height: 5, width: 7 };
      const last = bisection(shape, 4, { firstColour })[3]!;
      const other = [...Array(35).keys()].filter((p) => (Math.floor(p / 7) + (p % 7)) % 2 !== firstColour);
      expect([...last]).toEqual(other);
    },
  );

  it('surround every token of the last subset with tokens of the ones before', () => {
    const last = new Set(bisection({ height: 6, width: 6 }, 3)[2]!);
    for (const position of last) {
      const neighbours = [position - 6, position + 6];
      if (position % 6 > 0) neighbours.push(position - 1);
      if (position % 6 < 5) neighbours.push(position + 1);
      expect(neighbours.filter((neighbour) => last.has(neighbour))).toEqual([]);
    }
  });

  it('leave early subsets empty where the grid is too small for so many', () => {
    expect(sizes(bisection({ height: 1, width: 1 }, 3))).toEqual([1, 0, 0]);
    expect(sizes(bisection({ height: 1, width: 1 }, 3, { firstColour: 1 }))).toEqual([0, 0, 1]);
    expect(sizes(bisection({ height: 2, width: 2 }, 6)).reduce((sum, size) => sum + size)).toBe(4);
  });

  it('refuse counts of stages that are no positive integers', () => {
    expect(() => bisection({ height: 4, width: 4 }, 0)).toThrow('stages = 0');
    expect(() => bisection({ height: 4, width: 4 }, 2.5)).toThrow('stages = 2.5');
  });
});

describe('diagonalSubsets', () => {
  it('are the stripes of Algorithm 1: (i + j) mod 4 = 0, mod 4 = 2, odd', () => {
    const [first, second, third] = diagonalSubsets({ height: 5, width: 6 }, 3);
    const stripe = (wanted: (sum: number) => boolean) =>
      [...Array(30).keys()].filter((position) => wanted(Math.floor(position / 6) + (position % 6)));
    expect([...first!]).toEqual(stripe((sum) => sum % 4 === 0));
    expect([...second!]).toEqual(stripe((sum) => sum % 4 === 2));
    expect([...third!]).toEqual(stripe((sum) => sum % 2 === 1));
  });
});

describe('quincunxSubsets', () => {
  it('are both even, both odd, the rest', () => {
    const [first, second, third] = quincunxSubsets({ height: 4, width: 4 }, 3);
    expect([...first!]).toEqual([0, 2, 8, 10]);
    expect([...second!]).toEqual([5, 7, 13, 15]);
    expect([...third!]).toEqual([1, 3, 4, 6, 9, 11, 12, 14]);
  });

  it('split the coarser lattice in the same way from the fourth subset on', () => {
    const coarse = quincunxSubsets({ height: 4, width: 4 }, 3);
    const fine = quincunxSubsets({ height: 8, width: 8 }, 5);
    for (const [k, subset] of coarse.entries()) {
      expect([...fine[k]!]).toEqual([...subset].map((p) => 2 * (p >> 2) * 8 + 2 * (p % 4)));
    }
  });
});
