import type { GridShape } from '../grid.js';
import { gridLength } from '../grid.js';
import { haltonMaskSchedule } from '../mask-schedule.js';
import type { SamplingPolicy } from '../policy.js';
import { type OrderedOptions, orderedPolicy } from './ordered.js';

export interface HaltonOptions extends OrderedOptions {
  /**
   * Starts each image's order at a random place of the sequence and goes on from its front at its end; else every
   * image has the same order. @default false
   */
  readonly roll?: boolean;
}

/**
 * The low-discrepancy order of Halton-MaskGIT: each step's tokens lie far from each other.
 *
 * @example
 * await generateImages({ model, requests, policy: halton({ steps: 32, diffusionSteps: 50 }) });
 */
export function halton(options: HaltonOptions = {}): SamplingPolicy {
  const { roll = false, maskSchedule = haltonMaskSchedule, ...rest } = options;
  return orderedPolicy({
    name: 'halton',
    ...rest,
    maskSchedule,
    order({ shape, noise }) {
      const order = haltonOrder(shape);
      if (!roll) return order;
      const start = Math.min(order.length - 1, Math.floor(noise.fork('roll').uniform() * order.length));
      return [...order.subarray(start), ...order.subarray(0, start)];
    },
  });
}

/**
 * Every position once, in the order in which the Halton points 1, 2, … (base 2 → row, base 3 → column) fall on its
 * cell. On 16×16 it starts (8, 5), (4, 10), (12, 1), (2, 7).
 *
 * @example
 * haltonOrder({ height: 16, width: 16 }).subarray(0, 2); // 133, 74
 */
export function haltonOrder(shape: Pick<GridShape, 'height' | 'width'>): Uint32Array {
  const order = new Uint32Array(gridLength(shape));
  const seen = new Uint8Array(order.length);
  for (let index = 1, found = 0; found < order.length; index++) {
    const position = haltonCell(index, 2, shape.height) * shape.width + haltonCell(index, 3, shape.width);
    if (seen[position]) continue;
    seen[position] = 1;
    order[found++] = position;
  }
  return order;
}

/** ⌊side · radical inverse of `index`⌋, in integers: a fraction could round across the edge of a cell. */
function haltonCell(index: number, base: number, side: number): number {
  let reversed = 0;
  let power = 1;
  for (let rest = index; rest > 0; rest = Math.floor(rest / base)) {
    reversed = reversed * base + (rest % base);
    power *= base;
  }
  return Math.floor((reversed * side) / power);
}
