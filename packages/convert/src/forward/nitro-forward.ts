import type { NitroConfig } from '../nitro/nitro-config.js';
import {
  addRows,
  linearLayer,
  mixRows,
  normLayer,
  type ReadTensor,
  type Row,
  rmsNormLayer,
  siluRow,
} from './float64-layers.js';

// Nitro-AR's forward pass as its published code defines it, in float64, with plain loops over the checkpoint's tensors: nothing of
// how the graphs compute it.

/** An image in the middle of being drawn: tokens [L], null where masked, and rows [T] of features. */
export interface ForwardNitroImage {
  readonly tokens: readonly (ArrayLike<number> | null)[];
  readonly text: readonly Row[];
}

interface Streams {
  readonly image: readonly Row[];
  readonly text: readonly Row[];
}

/** z at all positions, [L, D]. */
export async function forwardNitro(
  read: ReadTensor,
  config: NitroConfig,
  { tokens, text }: ForwardNitroImage,
): Promise<Row[]> {
  const { grid, split } = config;
  const maskToken = Float64Array.from(await read('mask_token'));
  const filled = tokens.map((token) => (token ? Float64Array.from(token) : maskToken));
  const places = filled.map((_, position) => positionRow(config, position, config.decoder.width));
  const sum = (a: readonly Row[], b: readonly Row[]): Row[] => a.map((row, n) => addRows(row, b[n]!));
  let streams: Streams = {
    image: await weighted(read, 'z_proj_ln', sum(await linearLayer(read, 'x_proj', filled), places), config),
    text: await linearLayer(read, 'context_embedder', text),
  };
  const group = async (index: number): Promise<readonly Row[]> => {
    for (let block = 0; block < split[index]!; block++) {
      const isLast = index === 2 && block + 1 === split[2];
      streams = await jointBlock(read, `block_groups.${index}.${block}`, config, streams, isLast);
    }
    return streams.image;
  };
  const side = grid.width;
  const fine = await group(0);
  const half = await pointwise(read, 'downsamplers.0.0', unshuffle(fine, side, 2));
  const quarter = await pointwise(read, 'downsamplers.0.1', unshuffle(fine, side, 4));
  streams = { ...streams, image: [...half, ...quarter] };
  const coarse = await group(1);
  const larger = await pointwise(read, 'upsamplers.0.0', shuffle(coarse.slice(0, half.length), side / 2, 2));
  const largest = await pointwise(read, 'upsamplers.0.1', shuffle(coarse.slice(half.length), side / 4, 4));
  const joined = fine.map((row, n) => Float64Array.of(...larger[n]!, ...largest[n]!, ...row));
  const inner = (await linearLayer(read, 'mergers.0.0', joined)).map((row) => row.map(tanhGelu));
  streams = { ...streams, image: sum(await linearLayer(read, 'mergers.0.2', inner), places) };
  return [...(await group(2))];
}

/** z of the token of the whole picture, [D], in the variant that draws one. */
export async function forwardGlobal(
  read: ReadTensor,
  config: NitroConfig,
  text: readonly Row[],
): Promise<Row> {
  const maskToken = Float64Array.from(await read('mask_token'));
  let streams: Streams = {
    image: await weighted(read, 'z_proj_ln', await linearLayer(read, 'x_proj', [maskToken]), config),
    text: await linearLayer(read, 'context_embedder', text),
  };
  for (let block = 0; block < config.split[0]; block++)
    streams = await jointBlock(read, `block_groups.0.${block}`, config, streams, false);
  const inner = await linearLayer(read, 'global_z_proj.0', streams.image);
  return (await linearLayer(read, 'global_z_proj.2', inner.map(siluRow)))[0]!;
}

/** A norm with weights of the transformer: a layer norm, or an RMS norm in the joint variant. */
function weighted(
  read: ReadTensor,
  key: string,
  rows: readonly Row[],
  { decoder, epsilon }: NitroConfig,
  layerEpsilon = epsilon,
): Promise<Row[]> {
  return decoder.norm === 'rms'
    ? rmsNormLayer(read, key, rows, epsilon)
    : normLayer(read, key, rows, layerEpsilon);
}

async function jointBlock(
  read: ReadTensor,
  block: string,
  config: NitroConfig,
  { image, text }: Streams,
  isLast: boolean,
): Promise<Streams> {
  const { decoder, epsilon } = config;
  const { width, heads } = decoder;
  const size = width / heads;
  const headNorm = async (name: string, rows: readonly Row[]): Promise<Row[]> => {
    const weight = await read(`${block}.attn.${name}.weight`);
    return rows.map((row) => {
      const means = Array.from({ length: heads }, (_, head) =>
        row.subarray(head * size, (head + 1) * size).reduce((sum, value) => sum + value ** 2 / size, 0),
      );
      return row.map(
        (value, i) => (value / Math.sqrt(means[Math.floor(i / size)]! + epsilon)) * weight[i % size]!,
      );
    });
  };
  const linear = (name: string, rows: readonly Row[]) => linearLayer(read, `${block}.${name}`, rows);
  const imageRows = await weighted(read, `${block}.norm1`, image, config, 1e-5);
  const textRows = await weighted(read, `${block}.norm1_context`, text, config, 1e-5);
  const queries = [
    ...(await headNorm('norm_q', await linear('attn.to_q', imageRows))),
    ...(await headNorm('norm_added_q', await linear('attn.add_q_proj', textRows))),
  ];
  const keys = [
    ...(await headNorm('norm_k', await linear('attn.to_k', imageRows))),
    ...(await headNorm('norm_added_k', await linear('attn.add_k_proj', textRows))),
  ];
  const values = [...(await linear('attn.to_v', imageRows)), ...(await linear('attn.add_v_proj', textRows))];
  const memory = keys.map((key, n) => Float64Array.of(...key, ...values[n]!));
  const mixed = mixRows(queries, memory, { width, heads });
  const after = async (
    stream: readonly Row[],
    part: Row[],
    { out, norm, net }: { readonly out: string; readonly norm: string; readonly net: string },
  ): Promise<Row[]> => {
    const projected = await linear(out, part);
    const attended = stream.map((row, n) => addRows(row, projected[n]!));
    const normed =
      decoder.norm === 'rms'
        ? await rmsNormLayer(read, `${block}.${norm}`, attended, epsilon)
        : await normLayer(read, undefined, attended, epsilon);
    const hidden = await linear(`${net}.net.0.proj`, normed);
    const update = await linear(
      `${net}.net.2`,
      hidden.map((row) => row.map(tanhGelu)),
    );
    return attended.map((row, n) => addRows(row, update[n]!));
  };
  return {
    image: await after(image, mixed.slice(0, image.length), {
      out: 'attn.to_out.0',
      norm: 'norm2',
      net: 'ff',
    }),
    text: isLast
      ? text
      : await after(text, mixed.slice(image.length), {
          out: 'attn.to_add_out',
          norm: 'norm2_context',
          net: 'ff_context',
        }),
  };
}

/** Two linear layers with a GELU between, row by row. */
async function pointwise(read: ReadTensor, key: string, rows: readonly Row[]): Promise<Row[]> {
  const inner = await linearLayer(read, `${key}.body.1`, rows);
  return linearLayer(
    read,
    `${key}.body.3`,
    inner.map((row) => row.map(tanhGelu)),
  );
}

/** PyTorch's pixel_unshuffle on rows of a square grid: channel c at (Y·r + i, X·r + j) is channel c·r² + i·r + j at (Y, X). */
function unshuffle(rows: readonly Row[], side: number, r: number): Row[] {
  const coarse = side / r;
  return Array.from({ length: coarse ** 2 }, (_, at) => {
    const [y, x] = [Math.floor(at / coarse), at % coarse];
    return Float64Array.from({ length: rows[0]!.length * r * r }, (_, channel) => {
      const [c, i, j] = [Math.floor(channel / r ** 2), Math.floor(channel / r) % r, channel % r];
      return rows[(y * r + i) * side + x * r + j]![c]!;
    });
  });
}

/** Its inverse, pixel_shuffle, on rows of a square grid of `side`. */
function shuffle(rows: readonly Row[], side: number, r: number): Row[] {
  const fine = side * r;
  return Array.from({ length: fine ** 2 }, (_, at) => {
    const [y, x] = [Math.floor(at / fine), at % fine];
    const row = rows[Math.floor(y / r) * side + Math.floor(x / r)]!;
    const offset = (y % r) * r + (x % r);
    return Float64Array.from({ length: row.length / r ** 2 }, (_, c) => row[c * r ** 2 + offset]!);
  });
}

/** A position's row of the cut sine-cosine table: column, then row, each sines, then cosines. */
export function positionRow({ grid, positionExtent }: NitroConfig, position: number, width: number): Row {
  const side = grid.width;
  const first = Math.floor((positionExtent - side) / 2);
  const quarter = width / 4;
  const place = (index: number): number =>
    ((first + index) * side) / positionExtent / Math.max(1, Math.floor(side / 16));
  const [x, y] = [place(position % side), place(Math.floor(position / side))];
  return Float64Array.from({ length: width }, (_, i) => {
    const angle = (i < 2 * quarter ? x : y) * 10000 ** (-(i % quarter) / quarter);
    return Math.floor(i / quarter) % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
}

function tanhGelu(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}
