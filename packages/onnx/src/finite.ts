import { NonFiniteError } from '@tessera/core/model';
import type { ComponentName } from '@tessera/format';

/** Returns `data`, an output of a graph. @throws NonFiniteError if some of it is not a number */
export function assertFinite(graph: ComponentName, data: Float32Array): Float32Array {
  // One NaN or two infinities of opposite sign make the sum NaN; a lone infinity leaves it infinite.
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i]!;
  if (!Number.isFinite(sum)) throw new NonFiniteError(`The output of the graph "${graph}"`);
  return data;
}
