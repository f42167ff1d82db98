import type { LightgenConfig } from '../lightgen/lightgen-config.js';
import {
  addRows,
  gelu,
  linearLayer,
  mixRows,
  normLayer,
  type ReadTensor,
  type Row,
  transformerBlocks,
} from './float64-layers.js';

// LightGen's forward pass as its published code defines it, in float64, with plain loops over the checkpoint's tensors:
// nothing of how the graphs compute it. One tensor is in memory at a time.

/** An image in the middle of being drawn. */
export interface ForwardTextImage {
  readonly grid: { readonly height: number; readonly width: number };
  /** [T] rows of features, or null for the null text. */
  readonly text: readonly Row[] | null;
  readonly known: readonly { readonly position: number; readonly token: ArrayLike<number> }[];
  /** `count` equal rows, which cost as much as one. @default 1 */
  readonly masked: readonly { readonly position: number; readonly count?: number }[];
}

/** z at the masked positions, [n, D]. */
export async function forwardTextConditions(
  read: ReadTensor,
  config: LightgenConfig,
  { grid, text, known, masked }: ForwardTextImage,
): Promise<Row[]> {
  const { encoder, decoder, cross, epsilon } = config;
  const table = async (part: string, positions: readonly number[]): Promise<Row[]> => {
    const values = await read(`${part}_pos_embed_learned`);
    return positions.map((position) => positionRow(values, config, grid, position));
  };
  const places = known.map(({ position }) => position);
  const maskedPlaces = masked.map(({ position }) => position);
  const sum = (a: readonly Row[], b: readonly Row[]): Row[] => a.map((row, n) => addRows(row, b[n]!));

  const tokens = known.map(({ token }) => Float64Array.from(token));
  const projected = await linearLayer(read, 'z_proj', tokens);
  const embedded = sum(projected, await table('encoder', places));
  const ones = places.map(() => 1);
  const encoded = await transformerBlocks(
    read,
    { blocks: 'encoder_blocks', norm: 'encoder_norm' },
    await normLayer(read, 'z_proj_ln', embedded, epsilon),
    ones,
    encoder,
    epsilon,
  );
  const maskToken = Float64Array.from(await read('mask_token'));
  const sequence = [...(await linearLayer(read, 'decoder_embed', encoded)), ...masked.map(() => maskToken)];
  const decoded = await transformerBlocks(
    read,
    { blocks: 'decoder_blocks', norm: 'decoder_norm' },
    sum(sequence, await table('decoder', [...places, ...maskedPlaces])),
    [...ones, ...masked.map(({ count = 1 }) => count)],
    decoder,
    epsilon,
  );

  const wanted = await linearLayer(read, 'last_embed', decoded.slice(places.length));
  let x = sum(wanted, await table('last', maskedPlaces));
  const rows = text ? await forwardText(read, config, text) : [Float64Array.from(await read('fake_latent'))];
  for (let index = 0; index < cross.depth; index++) {
    const key = `cross_attn_blocks.${index}`;
    const queries = await normLayer(read, `${key}.normq`, x, epsilon);
    const readable = await normLayer(read, `${key}.normkv`, rows, epsilon);
    const asked = await linearLayer(read, `${key}.attn.query_linear`, queries);
    const memory = await linearLayer(read, `${key}.attn.kv`, readable);
    const mixed = mixRows(asked, memory, cross);
    x = sum(queries, await linearLayer(read, `${key}.attn.proj`, mixed));
    const hidden = await linearLayer(
      read,
      `${key}.mlp.fc1`,
      await normLayer(read, `${key}.norm2`, x, epsilon),
    );
    const active = hidden.map((row) => row.map(gelu));
    x = sum(x, await linearLayer(read, `${key}.mlp.fc2`, active));
  }
  return normLayer(read, 'cross_norm', x, epsilon);
}

/** Features [T, Ct] → aligned text [T, D]. */
async function forwardText(
  read: ReadTensor,
  { aligner, epsilon }: LightgenConfig,
  features: readonly Row[],
): Promise<Row[]> {
  const hidden = await linearLayer(read, 'text_emb.text_proj.linear_1', features);
  const active = hidden.map((row) =>
    row.map((x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))),
  );
  return transformerBlocks(
    read,
    { blocks: 'text_emb.text_aligner', norm: 'text_emb.text_aligner_norm' },
    await linearLayer(read, 'text_emb.text_proj.linear_2', active),
    features.map(() => 1),
    aligner,
    epsilon,
  );
}

/**
 * What a table of positions adds at a position of a grid. The published code scales the table's first axis to the grid's
 * width and the second to its height, and reads what comes of it as if it had the grid's form.
 */
function positionRow(
  table: ArrayLike<number>,
  { positions: { side, offset }, encoder: { width } }: LightgenConfig,
  grid: ForwardTextImage['grid'],
  position: number,
): Row {
  const at = (row: number, column: number): Row =>
    Float64Array.from({ length: width }, (_, i) => table[(row * side + column) * width + i]!);
  if (grid.height === side && grid.width === side) {
    return at(Math.floor(position / side), position % side);
  }
  const row = Math.floor(position / grid.height);
  const column = position % grid.height;
  const sum = new Float64Array(width);
  for (const [y, a] of cubicTaps(row, (grid.width + offset) / side, side)) {
    for (const [x, b] of cubicTaps(column, (grid.height + offset) / side, side)) {
      const values = at(y, x);
      for (let i = 0; i < width; i++) sum[i]! += a * b * values[i]!;
    }
  }
  return sum;
}

/** Where a bicubic interpolation (a = −0.75) reads along an axis, and with which weights. */
function cubicTaps(index: number, scale: number, side: number): readonly (readonly [number, number])[] {
  const source = (index + 0.5) / scale - 0.5;
  const first = Math.floor(source);
  const a = -0.75;
  return [-1, 0, 1, 2].map((tap) => {
    const x = Math.abs(source - first - tap);
    const weight =
      x <= 1 ? (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1 : a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a;
    return [Math.min(side - 1, Math.max(0, first + tap)), weight] as const;
  });
}
