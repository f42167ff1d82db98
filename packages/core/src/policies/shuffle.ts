import type { NoiseSource } from '../noise/source.js';

/**
 * A copy of `values` in uniformly random order (Fisher–Yates, from the end), one `noise.uniform()` a swap.
 *
 * @example
 * const order = shuffle([0, 1, 2, 3], keyedNoise({ seed: 1 }));
 */
export function shuffle(values: ArrayLike<number>, noise: NoiseSource): Uint32Array {
  const shuffled = Uint32Array.from(values);
  for (let last = shuffled.length - 1; last > 0; last--) {
    // The product may round up to last + 1 for the largest uniform number.
    const picked = Math.min(last, Math.floor(noise.uniform() * (last + 1)));
    const value = shuffled[last]!;
    shuffled[last] = shuffled[picked]!;
    shuffled[picked] = value;
  }
  return shuffled;
}
