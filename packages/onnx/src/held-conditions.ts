import { type ClassInput, type ConditionImage, type Conditions, TesseraError } from '@tessera/core';

/** A batch's z [B, T, D] as one `Conditions` an image. */
export function splitRows(
  z: Float32Array,
  images: readonly ConditionImage<ClassInput>[],
  width: number,
): Conditions[] {
  const count = images[0]!.positions.length;
  const size = count * width;
  let unconditionalRow = images.length;
  return images.map(({ guided }, row) => {
    const conditional = z.slice(row * size, (row + 1) * size);
    const place = guided ? unconditionalRow++ : undefined;
    const unconditional = place === undefined ? undefined : z.slice(place * size, (place + 1) * size);
    return heldConditions(count, width, conditional, unconditional);
  });
}

function heldConditions(
  count: number,
  width: number,
  conditional: Float32Array,
  unconditional: Float32Array | undefined,
): Conditions {
  let released = false;
  const held = async (rows: Float32Array | undefined, what: string): Promise<Float32Array> => {
    if (released)
      throw new TesseraError('conditions-released', 'These conditions were released and can not be read.');
    if (!rows) throw new TesseraError('conditions-unguided', `No ${what} rows were asked for.`);
    return rows;
  };
  return {
    count,
    width,
    guided: unconditional !== undefined,
    read: () => held(conditional, 'conditional'),
    readUnconditional: () => held(unconditional, 'unconditional'),
    release() {
      released = true;
    },
  };
}
