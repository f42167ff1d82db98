import { gelu } from '../forward/float64-layers.js';
import type { TextEncoderConfig } from '../text-encoder/text-encoder-config.js';

// Text encoders as their papers and published code define them, in float64, row by row: nothing of how the graphs compute it.

type Weights = Readonly<Record<string, ArrayLike<number>>>;
type Rows = Float64Array[];

const product = (weight: ArrayLike<number>, x: Float64Array, bias?: ArrayLike<number>): Float64Array =>
  Float64Array.from({ length: weight.length / x.length }, (_, out) =>
    x.reduce((sum, value, i) => sum + value * weight[out * x.length + i]!, bias?.[out] ?? 0),
  );
const add = (a: Float64Array, b: ArrayLike<number>): Float64Array => a.map((value, i) => value + b[i]!);
const rowOf = (values: ArrayLike<number>, index: number, width: number): Float64Array =>
  Float64Array.from({ length: width }, (_, i) => values[index * width + i]!);

/** Heads of `size` values; rows that `mask` leaves out are not attended to. */
function attend(
  { q, k, v }: Record<'q' | 'k' | 'v', Rows>,
  size: number,
  mask: readonly number[],
  score: (dot: number, head: number, query: number, key: number) => number,
): Rows {
  return q.map((query, n) => {
    const mixed = new Float64Array(query.length);
    for (let head = 0; head < query.length / size; head++) {
      const at = Array.from({ length: size }, (_, i) => head * size + i);
      const shares = k.map((key, m) => {
        const dot = at.reduce((sum, i) => sum + query[i]! * key[i]!, 0);
        return mask[m] ? Math.exp(score(dot, head, n, m)) : 0;
      });
      const total = shares.reduce((sum, share) => sum + share, 0);
      for (const i of at) mixed[i] = v.reduce((sum, value, m) => sum + (shares[m]! / total) * value[i]!, 0);
    }
    return mixed;
  });
}

/** The features of a T5 v1.1 encoder (arXiv 1910.10683, with gated tanh-GELU), [T, Ct]. */
export function referenceT5(
  w: Weights,
  { width, depth, heads, inner, epsilon, buckets, maxDistance }: TextEncoderConfig,
  ids: readonly number[],
  mask: readonly number[],
): Rows {
  const norm = (key: string, x: Float64Array): Float64Array => {
    const square = x.reduce((sum, value) => sum + value * value, 0) / width;
    return x.map((value, i) => (value / Math.sqrt(square + epsilon)) * w[`${key}.weight`]![i]!);
  };
  const table = w['encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight']!;
  const bucketOf = (relative: number): number => {
    const [side, near] = [buckets / 2, buckets / 4];
    const distance = Math.abs(relative);
    const far =
      near + Math.floor((Math.log(distance / near) / Math.log(maxDistance / near)) * (side - near) + 1e-9);
    return (relative > 0 ? side : 0) + (distance < near ? distance : Math.min(side - 1, far));
  };
  let x = ids.map((id) => rowOf(w['shared.weight']!, id, width));
  for (let index = 0; index < depth; index++) {
    const block = `encoder.block.${index}.layer`;
    const rows = x.map((row) => norm(`${block}.0.layer_norm`, row));
    const part = (name: string): Rows =>
      rows.map((row) => product(w[`${block}.0.SelfAttention.${name}.weight`]!, row));
    const mixed = attend(
      { q: part('q'), k: part('k'), v: part('v') },
      inner / heads,
      mask,
      (dot, head, query, key) => dot + table[bucketOf(key - query) * heads + head]!,
    );
    x = x.map((row, n) => add(row, product(w[`${block}.0.SelfAttention.o.weight`]!, mixed[n]!)));
    x = x.map((row) => {
      const normed = norm(`${block}.1.layer_norm`, row);
      const dense = `${block}.1.DenseReluDense`;
      const linear = product(w[`${dense}.wi_1.weight`]!, normed);
      const gated = product(w[`${dense}.wi_0.weight`]!, normed).map(
        (value, i) =>
          0.5 *
          value *
          (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (value + 0.044715 * value ** 3))) *
          linear[i]!,
      );
      return add(row, product(w[`${dense}.wo.weight`]!, gated));
    });
  }
  return x.map((row) => norm('encoder.final_layer_norm', row));
}

/**
 * The features of an encoder over word pieces, [T, Ct]: those of padding are zeros, and those of the parts that slots look up
 * in the memory come last.
 */
export function referenceWordPieces(
  w: Weights,
  { width, depth, heads, epsilon, memory }: TextEncoderConfig,
  ids: readonly number[],
  mask: readonly number[],
): Rows {
  const norm = (key: string, x: Float64Array): Float64Array => {
    const mean = x.reduce((sum, value) => sum + value, 0) / width;
    const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / width;
    return x.map(
      (value, i) =>
        ((value - mean) / Math.sqrt(variance + epsilon)) * w[`${key}.weight`]![i]! + w[`${key}.bias`]![i]!,
    );
  };
  const layer = (key: string, x: Float64Array): Float64Array =>
    product(w[`${key}.weight`]!, x, w[`${key}.bias`]!);
  const words = ids.map((id, n) =>
    add(rowOf(w['token_embedding.weight']!, id, width), rowOf(w.position_embedding!, n, width)),
  );
  const parts = memory?.parts ?? [];
  const slots = parts.map((_, slot) => rowOf(w.slot_embedding!, slot, width));
  const seen = [...mask, ...slots.map(() => 1)];
  let x = [...words, ...slots];
  for (let index = 0; index < depth; index++) {
    const block = `blocks.${index}`;
    const qkv = x.map((row) => layer(`${block}.attn.qkv`, norm(`${block}.norm1`, row)));
    const part = (first: number): Rows => qkv.map((row) => row.slice(first * width, (first + 1) * width));
    const size = width / heads;
    const mixed = attend({ q: part(0), k: part(1), v: part(2) }, size, seen, (dot) => dot / Math.sqrt(size));
    x = x.map((row, n) => add(row, layer(`${block}.attn.proj`, mixed[n]!)));
    x = x.map((row) => {
      const hidden = layer(`${block}.mlp.fc1`, norm(`${block}.norm2`, row)).map(gelu);
      return add(row, layer(`${block}.mlp.fc2`, hidden));
    });
  }
  const rows = x.map((row) => norm('norm', row));
  const found = parts.flatMap((count, slot) => {
    const read = rows[ids.length + slot]!;
    const scores = layer('memory_scores', read);
    const entry = scores.indexOf(Math.max(...scores));
    const { channels } = memory!;
    const first = entry * Math.max(...parts);
    return Array.from({ length: count }, (_, part) => {
      const values = rowOf(w['memory.weight']!, first + part, channels);
      const named = add(layer('memory_proj', values), rowOf(w.part_embedding!, part, width));
      const told = add(layer('memory_context', read), rowOf(w.memory_slot_embedding!, slot, width));
      return norm('memory_norm', add(named, told));
    });
  });
  return [...ids.map((_, n) => rows[n]!.map((value) => value * mask[n]!)), ...found];
}
