import { type Conditions, UnguidedConditionsError } from '@tessera/core';

/**
 * Recorded rows as the conditions that a model's head is run on.
 *
 * @param conditional [n, width]
 * @param unconditional [n, width], for guidance
 */
export function recordedConditions(
  conditional: Float32Array,
  unconditional: Float32Array | undefined,
  width: number,
): Conditions {
  return {
    count: conditional.length / width,
    width,
    guided: unconditional !== undefined,
    read: async () => conditional,
    async readUnconditional() {
      if (!unconditional) throw new UnguidedConditionsError('No unconditional rows are recorded.');
      return unconditional;
    },
    release() {},
  };
}
