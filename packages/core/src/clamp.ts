import { assertNumber, assertShape } from './errors.js';
import type { Clamp } from './model.js';

/**
 * Throws ShapeMismatchError unless a clamp has a limit for each channel, or one for all, and InvalidOptionError unless
 * each is a finite number ≥ 0.
 *
 * @param clamp undefined for none
 */
export function assertClamp(clamp: Clamp | undefined, channels: number): void {
  if (clamp === undefined) return;
  const limits = typeof clamp === 'number' ? [clamp] : Array.from(clamp);
  if (typeof clamp !== 'number') assertShape('clamp [C]', limits, [channels]);
  for (const limit of limits) assertNumber('clamp', limit, 0);
}
