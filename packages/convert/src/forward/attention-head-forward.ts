import type { NitroConfig } from '../nitro/nitro-config.js';
import {
  addRows,
  gelu,
  linearLayer,
  mixRows,
  productLayer,
  type ReadTensor,
  type Row,
  rmsNormLayer,
  siluRow,
} from './float64-layers.js';
import { forwardTime } from './mar-forward.js';
import { positionRow } from './nitro-forward.js';

/**
 * The head of Nitro-AR's joint variant in float64, with plain loops over the checkpoint's tensors: x [n, C] of one picture's
 * positions, original timestep t, z [n, D] → the velocity, [n, C].
 *
 * @param net `diffloss.net`, or that of the token of the whole picture, `diffloss_global.net`, of n = 1
 */
export async function forwardAttentionHead(
  read: ReadTensor,
  config: NitroConfig,
  net: string,
  x: readonly Row[],
  t: number,
  z: readonly Row[],
): Promise<Row[]> {
  const { head, epsilon } = config;
  const { width, depth } = head;
  const { heads } = head.attention!;
  const linear = (name: string, rows: readonly Row[]) => linearLayer(read, `${net}.${name}`, rows);
  const norm = (name: string, rows: readonly Row[]) => rmsNormLayer(read, `${net}.${name}`, rows, epsilon);
  const [time] = await norm('t_norm', [await forwardTime(read, net, t)]);
  const conditions = await norm('c_norm', await linear('cond_embed', z));
  const y = conditions.map((row) => siluRow(addRows(row, time!)));
  let h = await linear('input_proj', x);
  if (h.length > 1) h = h.map((row, position) => addRows(row, positionRow(config, position, width)));
  for (let block = 0; block < depth; block++) {
    const key = `res_blocks.${block}`;
    const ada = await linear(`${key}.ada_lin.1`, y);
    const modulated = (rows: readonly Row[], scale: number, shift: number): Row[] =>
      rows.map((row, n) =>
        row.map((value, i) => value * (1 + ada[n]![scale * width + i]!) + ada[n]![shift * width + i]!),
      );
    const gated = (update: readonly Row[], gate: number): Row[] =>
      h.map((row, n) => row.map((value, i) => value + ada[n]![gate * width + i]! * update[n]![i]!));
    const qkv = await productLayer(
      read,
      `${net}.${key}.attn.qkv`,
      modulated(await norm(`${key}.norm1`, h), 2, 4),
    );
    const queries = qkv.map((row) => row.subarray(0, width));
    const memory = qkv.map((row) => row.subarray(width));
    h = gated(await linear(`${key}.attn.proj`, mixRows(queries, memory, { width, heads })), 0);
    const inner = modulated(await norm(`${key}.norm2`, h), 3, 5);
    const gates = await linear(`${key}.mlp.fc1_g`, inner);
    const values = await linear(`${key}.mlp.fc1_x`, inner);
    const hidden = gates.map((row, n) => row.map((value, i) => gelu(value) * values[n]![i]!));
    h = gated(await linear(`${key}.mlp.fc2`, hidden), 1);
  }
  const ada = await linear('final_layer.adaLN_modulation.1', y);
  const normed = await norm('final_layer.norm_final', h);
  const last = normed.map((row, n) => row.map((value, i) => value * (1 + ada[n]![width + i]!) + ada[n]![i]!));
  return linear('final_layer.linear', last);
}
