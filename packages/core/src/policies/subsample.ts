import type { SamplingPolicy } from '../policy.js';
import { type OrderedOptions, orderedPolicy } from './ordered.js';

/** The (row, column) at which each stride-2 lattice starts, in the order they are decoded. */
const LATTICES = [
  [0, 0],
  [1, 1],
  [0, 1],
  [1, 0],
] as const;

/**
 * The four stride-2 lattices (0,0), (1,1), (0,1), (1,0), one after the other, each row by row.
 *
 * @example
 * await generateImages({ model, requests, policy: subsample({ steps: 32 }) });
 */
export function subsample(options: OrderedOptions = {}): SamplingPolicy {
  return orderedPolicy({
    name: 'subsample',
    ...options,
    order({ shape: { height, width } }) {
      const order: number[] = [];
      for (const [top, left] of LATTICES) {
        for (let row = top; row < height; row += 2) {
          for (let column = left; column < width; column += 2) order.push(row * width + column);
        }
      }
      return order;
    },
  });
}
