import type { MarConfig } from '../mar/mar-config.js';
import {
  addRows,
  linearLayer,
  normLayer,
  type ReadTensor,
  type Row,
  siluRow,
  transformerBlocks,
} from './float64-layers.js';

// The MAR model's forward pass as its paper and published code define it, in float64, with plain loops over the
// checkpoint's tensors: nothing of how the graphs compute it. One tensor is in memory at a time.

/** An image in the middle of being drawn. */
export interface ForwardImage {
  /** A class, or null for `fake_latent`. */
  readonly label: number | null;
  readonly known: readonly { readonly position: number; readonly token: ArrayLike<number> }[];
  /** `count` equal rows, which cost as much as one. @default 1 */
  readonly masked: readonly { readonly position: number; readonly count?: number }[];
}

/** z at the masked positions, [n, D], and the encoder's rows, [buffer + known, E]. */
export async function forwardConditions(
  read: ReadTensor,
  config: MarConfig,
  { label, known, masked }: ForwardImage,
): Promise<{ z: Row[]; encoded: Row[] }> {
  const { buffer, encoder, decoder, epsilon } = config;
  const classRow =
    label === null
      ? rowOf(await read('fake_latent'), 0, encoder.width)
      : rowOf(await read('class_emb.weight'), label, encoder.width);
  const inputs = [
    ...Array.from({ length: buffer }, () => classRow),
    ...(await linearLayer(
      read,
      'z_proj',
      known.map(({ token }) => Float64Array.from(token)),
    )),
  ];
  /** Rows of the position tables: the buffer's come first. */
  const places = [
    ...Array.from({ length: buffer }, (_, n) => n),
    ...known.map(({ position }) => buffer + position),
  ];
  const encoderTable = await read('encoder_pos_embed_learned');
  const encoded = await transformerBlocks(
    read,
    { blocks: 'encoder_blocks', norm: 'encoder_norm' },
    await normLayer(
      read,
      'z_proj_ln',
      inputs.map((row, n) => addRows(row, rowOf(encoderTable, places[n]!, encoder.width))),
      epsilon,
    ),
    places.map(() => 1),
    encoder,
    epsilon,
  );

  const maskToken = rowOf(await read('mask_token'), 0, decoder.width);
  const decoderTable = await read('decoder_pos_embed_learned');
  const decoded = await transformerBlocks(
    read,
    { blocks: 'decoder_blocks', norm: 'decoder_norm' },
    [...(await linearLayer(read, 'decoder_embed', encoded)), ...masked.map(() => maskToken)].map((row, n) => {
      const place = places[n] ?? buffer + masked[n - places.length]!.position;
      return addRows(row, rowOf(decoderTable, place, decoder.width));
    }),
    [...places.map(() => 1), ...masked.map(({ count = 1 }) => count)],
    decoder,
    epsilon,
  );
  const lastTable = await read('diffusion_pos_embed_learned');
  const z = masked.map(({ position }, n) =>
    addRows(decoded[places.length + n]!, rowOf(lastTable, position, decoder.width)),
  );
  return { encoded, z };
}

/** The head on one row: x [C], original timestep t, z [D] → [ε | v], [2C]. */
export async function forwardDenoise(
  read: ReadTensor,
  { head, epsilon }: Pick<MarConfig, 'head' | 'epsilon'>,
  x: Row,
  t: number,
  z: Row,
): Promise<Row> {
  const net = 'diffloss.net';
  const layer = async (name: string, row: Row): Promise<Row> =>
    (await linearLayer(read, `${net}.${name}`, [row]))[0]!;
  const norm = async (name: string | undefined, row: Row): Promise<Row> =>
    (await normLayer(read, name && `${net}.${name}`, [row], epsilon))[0]!;
  const time = await forwardTime(read, net, t);
  const y = siluRow(addRows(time, await layer('cond_embed', z)));
  const { width } = head;
  const modulate = (normed: Row, ada: Row): Row =>
    normed.map((value, i) => value * (1 + ada[width + i]!) + ada[i]!);
  let h = await layer('input_proj', x);
  for (let block = 0; block < head.depth; block++) {
    const key = `res_blocks.${block}`;
    const ada = await layer(`${key}.adaLN_modulation.1`, y);
    const inner = await layer(`${key}.mlp.0`, modulate(await norm(`${key}.in_ln`, h), ada));
    const update = await layer(`${key}.mlp.2`, siluRow(inner));
    h = h.map((value, i) => value + ada[2 * width + i]! * update[i]!);
  }
  const ada = await layer('final_layer.adaLN_modulation.1', y);
  return layer('final_layer.linear', modulate(await norm(undefined, h), ada));
}

/** The time MLP of the head `net` at an original timestep. */
export async function forwardTime(read: ReadTensor, net: string, t: number): Promise<Row> {
  const angles = Array.from({ length: 128 }, (_, i) => t * Math.exp((-Math.log(1e4) * i) / 128));
  const sinusoid = Float64Array.from([...angles.map(Math.cos), ...angles.map(Math.sin)]);
  const [inner] = await linearLayer(read, `${net}.time_embed.mlp.0`, [sinusoid]);
  return (await linearLayer(read, `${net}.time_embed.mlp.2`, [siluRow(inner!)]))[0]!;
}

const rowOf = (values: ArrayLike<number>, index: number, width: number): Row =>
  Float64Array.from({ length: width }, (_, i) => values[index * width + i]!);
