import { gridLength } from '../grid.js';
import type { PolicyContext, SamplingPolicy } from '../policy.js';
import { type OrderedOptions, orderedPolicy } from './ordered.js';
import { shuffle } from './shuffle.js';

export interface RandomOrderOptions extends OrderedOptions {
  /**
   * The permutation of all positions (MAR's `orders`) of an image, to replay a recorded run. It is decoded from its
   * *tail*, as MAR does, where the masked set is always a prefix. @default uniformly random, by the image's noise
   */
  readonly permutation?: (context: PolicyContext) => ArrayLike<number>;
}

/**
 * MAR's order: one uniformly random permutation for each image (arXiv 2406.11838).
 *
 * @example
 * await generateImages({ model, requests, policy: randomOrder({ steps: 32, diffusionSteps: 50 }) });
 */
export function randomOrder(options: RandomOrderOptions = {}): SamplingPolicy {
  const { permutation = randomPermutation, ...rest } = options;
  return orderedPolicy({
    name: 'random-order',
    ...rest,
    order: (context) => Array.from(permutation(context)).reverse(),
  });
}

function randomPermutation({ shape, noise }: PolicyContext): Uint32Array {
  return shuffle(
    Uint32Array.from({ length: gridLength(shape) }, (_, position) => position),
    noise.fork('order'),
  );
}
