import type { GridShape, ModelInput } from '@tessera/core';
import { gridLength } from '@tessera/core/model';
import { type Check, compare } from '../compare.js';
import type { ConvertedMar } from '../converted-models.js';
import { type GoldenTensor, type GoldenTensors, rowsOf } from '../golden-files.js';
import { TOLERANCES } from '../tolerances.js';

/** The recorded inputs of a mask: images with their tokens and positions. */
export interface MaskedImages {
  /** [L, C] an image; values at masked positions are arbitrary. */
  readonly tokens: readonly Float32Array[];
  readonly visible: readonly (readonly number[])[];
  readonly masked: readonly (readonly number[])[];
}

export function maskedImages(file: GoldenTensors, mask: string, shape: GridShape): MaskedImages {
  const length = gridLength(shape);
  const tokens = rowsOf(file.get('tokens', [undefined, length, shape.channels]));
  const masks = rowsOf(file.get(`mask.${mask}`, [tokens.length, length]));
  const where = (value: 0 | 1) =>
    masks.map((row) => [...row.keys()].filter((position) => (row[position] === 0 ? 0 : 1) === value));
  return { tokens, visible: where(0), masked: where(1) };
}

/** Images with equally many visible tokens go through the graph together, others one by one. */
export function batches({ visible }: MaskedImages): readonly (readonly number[])[] {
  const all = [...visible.keys()];
  return visible.every((each) => each.length === visible[0]!.length) ? [all] : all.map((image) => [image]);
}

/** The visible tokens [B, V, C] and all positions [B, L], visible ones first, of images with equally many. */
export function visibleFirst(
  { tokens, visible, masked }: MaskedImages,
  batch: readonly number[],
  channels: number,
): { readonly tokens: Float32Array; readonly positions: Int32Array } {
  const seen = batch.flatMap((image) =>
    visible[image]!.flatMap((position) => [
      ...tokens[image]!.subarray(position * channels, (position + 1) * channels),
    ]),
  );
  const positions = batch.flatMap((image) => [...visible[image]!, ...masked[image]!]);
  return { tokens: Float32Array.from(seen), positions: Int32Array.from(positions) };
}

/**
 * Rows [B, L, width] in the order of `positions` [B, L] to their places in `all`.
 *
 * @param batch which images they are of
 */
export function scatterRows(
  rows: Float32Array,
  positions: Int32Array,
  batch: readonly number[],
  width: number,
  all: Float32Array,
): void {
  const length = positions.length / batch.length;
  for (const [row, position] of positions.entries()) {
    const image = batch[Math.floor(row / length)]!;
    all.set(rows.subarray(row * width, (row + 1) * width), (image * length + position) * width);
  }
}

/**
 * z as `generate` asks the model for it, at every second masked position, so that some masked ones are not asked for.
 *
 * @param expected z [B, L, D]
 */
export async function checkModel(
  name: string,
  expected: GoldenTensor,
  images: MaskedImages,
  inputs: readonly ModelInput[],
  shape: GridShape,
  { model }: ConvertedMar,
): Promise<readonly Check[]> {
  const width = model.manifest.widths.decoder;
  const rows = rowsOf(expected);
  const wanted = images.masked.map((masked) => Uint32Array.from(masked.filter((_, i) => i % 2 === 0)));
  if (wanted.some((positions) => positions.length === 0)) return [];
  const conditions = await model.condition({
    batch: wanted.map((positions, image) => {
      const known = new Uint8Array(gridLength(shape)).fill(1);
      for (const position of images.masked[image]!) known[position] = 0;
      const grid = { shape, tokens: images.tokens[image]!, known };
      return { grid, positions, input: inputs[image]!, guided: false };
    }),
  });
  const checks: Check[] = [];
  for (const [image, held] of conditions.entries()) {
    const picked = [...wanted[image]!].flatMap((position) => [
      ...rows[image]!.subarray(position * width, (position + 1) * width),
    ]);
    checks.push(compare(`${name}, model, image ${image}`, await held.read(), picked, TOLERANCES.conditions));
    held.release();
  }
  return checks;
}
