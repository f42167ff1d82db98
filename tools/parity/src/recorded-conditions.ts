import { ConditionRows, memoryTensor } from '@tessera/core/model';

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
): ConditionRows {
  const rows = new Float32Array(conditional.length + (unconditional?.length ?? 0));
  rows.set(conditional);
  rows.set(unconditional ?? [], conditional.length);
  const shape = { count: conditional.length / width, guided: unconditional !== undefined };
  return ConditionRows.split(memoryTensor(rows), width, [shape])[0]!;
}
