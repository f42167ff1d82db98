import { gridLength } from '../grid.js';
import type { SamplingPolicy } from '../policy.js';
import { type OrderedOptions, orderedPolicy } from './ordered.js';

/**
 * Row by row from the top, each from the left.
 *
 * @example
 * await generateImages({ model, requests, policy: raster({ steps: 64 }) });
 */
export function raster(options: OrderedOptions = {}): SamplingPolicy {
  return orderedPolicy({
    name: 'raster',
    ...options,
    order: ({ shape }) => Uint32Array.from({ length: gridLength(shape) }, (_, position) => position),
  });
}
