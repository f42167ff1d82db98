import { type Conditions, type HeadRequest, InvalidOptionError } from '@tessera/core';
import { ConditionRows } from './condition-rows.js';
import type { DeviceTensor } from './device-tensor.js';
import type { HeadRows } from './head.js';
import type { MarGraphs } from './mar-graphs.js';

/** Which rows of an image's conditions the head is to be run on. */
export type SampledImage = Omit<HeadRequest['batch'][number], 'x'>;

/**
 * Places of images that one run of the head can serve: guided or not, and with rows in the same z. Conditions that aren't
 * a model's own are read, so they can all share one.
 */
export function sameZ(images: readonly SampledImage[]): number[][] {
  const guided = new Map<DeviceTensor | undefined, number[]>();
  const plain: typeof guided = new Map();
  for (const [place, { conditions }] of images.entries()) {
    const groups = conditions.guided ? guided : plain;
    const z = conditions instanceof ConditionRows ? conditions.z : undefined;
    groups.set(z, [...(groups.get(z) ?? []), place]);
  }
  return [...guided.values(), ...plain.values()];
}

/**
 * z of a group of {@link sameZ}, and the rows of it to sample: the conditional ones, then the unconditional ones.
 *
 * @throws InvalidOptionError where the conditions have no such row
 */
export async function sampledRows(
  images: readonly SampledImage[],
  graphs: MarGraphs,
): Promise<Pick<HeadRows, 'z' | 'rows'>> {
  const { conditions: first } = images[0]!;
  for (const { conditions, rows } of images) assertRows(rows, conditions);
  const halves = first.guided ? [false, true] : [false];
  if (first instanceof ConditionRows) {
    const places = halves.flatMap((unconditional) =>
      images.flatMap(({ conditions, rows }) =>
        Array.from(rows, (row) => (conditions as ConditionRows).place(row, unconditional)),
      ),
    );
    return { z: first.z, rows: Int32Array.from(places) };
  }
  const parts: Float32Array[] = [];
  for (const unconditional of halves) {
    for (const { conditions, rows } of images) {
      const values = await (unconditional ? conditions.readUnconditional() : conditions.read());
      for (const row of rows) parts.push(rowOf(values, row, conditions));
    }
  }
  const z = new Float32Array(parts.length * first.width);
  for (const [i, part] of parts.entries()) z.set(part, i * first.width);
  return { z: graphs.conditionRows(z), rows: Int32Array.from(parts.keys()) };
}

/** A row beyond the image's own would be another image's: a batch shares one z. */
function assertRows(rows: Uint32Array, { count }: Conditions): void {
  const beyond = rows.find((row) => row >= count);
  if (beyond !== undefined)
    throw new InvalidOptionError('rows', beyond, `must be less than ${count}, the rows of the conditions`);
}

function rowOf(values: Float32Array, row: number, { width }: Conditions): Float32Array {
  return values.subarray(row * width, (row + 1) * width);
}
