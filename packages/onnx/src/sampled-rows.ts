import { InvalidOptionError } from '@tessera/core';
import type { ConditionRows, HeadRequest } from '@tessera/core/model';
import type { HeadRows } from './head.js';
import type { ModelGraphs } from './model-graphs.js';
import { OrtTensor } from './ort-tensor.js';

/** Which rows of an image's conditions the head is run on. */
export type SampledImage = Omit<HeadRequest['batch'][number], 'x'>;

/** z of some conditions in the runtime; undefined for those that aren't a model's own, which are read. */
export function runtimeTensor({ tensor }: ConditionRows): OrtTensor | undefined {
  return tensor instanceof OrtTensor ? tensor : undefined;
}

/**
 * z of images with one {@link runtimeTensor}, all guided or all not, and its rows to sample: the conditional ones, then the
 * unconditional ones.
 *
 * @throws InvalidOptionError if the conditions have no such row
 */
export async function sampledRows(
  images: readonly SampledImage[],
  graphs: Pick<ModelGraphs<never>, 'conditionRows' | 'rowsTogether'>,
): Promise<Pick<HeadRows, 'z' | 'rows'>> {
  const { conditions: first } = images[0]!;
  for (const { conditions, rows } of images) {
    assertRows(rows, conditions);
    assertTogether(rows.length, graphs.rowsTogether);
  }
  const halves = first.guided ? [false, true] : [false];
  const z = runtimeTensor(first);
  if (z) {
    const rows = halves.flatMap((unconditional) =>
      images.flatMap(({ conditions, rows }) =>
        Array.from(rows, (row) => conditions.tensorRow(row, unconditional)),
      ),
    );
    return { z, rows: Int32Array.from(rows) };
  }
  const parts: Float32Array[] = [];
  for (const unconditional of halves) {
    for (const { conditions, rows } of images) {
      const chosen = conditions.select(rows);
      parts.push(await (unconditional ? chosen.readUnconditional() : chosen.read()));
    }
  }
  const values = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    values.set(part, offset);
    offset += part.length;
  }
  return {
    z: graphs.conditionRows(values),
    rows: Int32Array.from({ length: values.length / first.width }, (_, row) => row),
  };
}

function assertTogether(count: number, rowsTogether: number): void {
  if (rowsTogether === 1 || count === rowsTogether) return;
  throw new InvalidOptionError(
    'diffusionSteps',
    `${count} positions with one number of steps`,
    `must be the same for all ${rowsTogether} positions: the head of this model draws them jointly. Use mar:1x6`,
  );
}

/** A row beyond the image's own would be another image's: a batch shares one z. */
function assertRows(rows: Uint32Array, { count }: ConditionRows): void {
  const beyond = rows.find((row) => row >= count);
  if (beyond !== undefined)
    throw new InvalidOptionError('rows', beyond, `must be less than ${count}, the rows of the conditions`);
}
