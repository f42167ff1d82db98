import type { MarConfig, StackConfig } from '../mar/mar-config.js';

// The MAR model's forward pass as its paper and published code define it, in float64, with plain loops over the whole
// sequence and a mask: nothing of how the graphs compute it.

type Matrix = Float64Array[];
export type ReferenceWeights = Readonly<Record<string, ArrayLike<number>>>;

const row = (values: ArrayLike<number>, index: number, width: number): Float64Array =>
  Float64Array.from({ length: width }, (_, i) => values[index * width + i]!);
const add = (a: Float64Array, b: ArrayLike<number>): Float64Array => a.map((value, i) => value + b[i]!);
const siluOf = (x: Float64Array): Float64Array => x.map((value) => value / (1 + Math.exp(-value)));

/** The error function by its power series: 1e-9 up to 4, where it is 1 to within 2e-8. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 4) return Math.sign(x);
  let term = a;
  let sum = a;
  for (let n = 1; n < 200; n++) {
    term *= (-a * a) / n;
    sum += term / (2 * n + 1);
  }
  return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
}

function linear(w: ReferenceWeights, key: string, x: Float64Array): Float64Array {
  const weight = w[`${key}.weight`]!;
  const bias = w[`${key}.bias`]!;
  return Float64Array.from({ length: bias.length }, (_, out) =>
    x.reduce((sum, value, i) => sum + value * weight[out * x.length + i]!, bias[out]!),
  );
}

function norm(w: ReferenceWeights, key: string | undefined, x: Float64Array, epsilon: number): Float64Array {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  return x.map((value, i) => {
    const normed = (value - mean) / Math.sqrt(variance + epsilon);
    return key === undefined ? normed : normed * w[`${key}.weight`]![i]! + w[`${key}.bias`]![i]!;
  });
}

function attention(w: ReferenceWeights, key: string, x: Matrix, heads: number): Matrix {
  const width = x[0]?.length ?? 0;
  const size = width / heads;
  const qkv = x.map((each) => linear(w, `${key}.qkv`, each));
  return qkv.map((query) => {
    const mixed = new Float64Array(width);
    for (let head = 0; head < heads; head++) {
      const scores = qkv.map((other) => {
        let dot = 0;
        for (let i = head * size; i < (head + 1) * size; i++) dot += query[i]! * other[width + i]!;
        return dot / Math.sqrt(size);
      });
      const largest = Math.max(...scores);
      const shares = scores.map((score) => Math.exp(score - largest));
      const total = shares.reduce((sum, share) => sum + share, 0);
      for (let i = head * size; i < (head + 1) * size; i++) {
        mixed[i] = qkv.reduce((sum, other, n) => sum + (shares[n]! / total) * other[2 * width + i]!, 0);
      }
    }
    return linear(w, `${key}.proj`, mixed);
  });
}

function blocks(
  w: ReferenceWeights,
  side: string,
  rows: Matrix,
  stack: StackConfig,
  epsilon: number,
): Matrix {
  let x = rows;
  for (let index = 0; index < stack.depth; index++) {
    const key = `${side}_blocks.${index}`;
    const attended = attention(
      w,
      `${key}.attn`,
      x.map((each) => norm(w, `${key}.norm1`, each, epsilon)),
      stack.heads,
    );
    x = x.map((each, n) => add(each, attended[n]!));
    x = x.map((each) => {
      const hidden = linear(w, `${key}.mlp.fc1`, norm(w, `${key}.norm2`, each, epsilon));
      const active = hidden.map((value) => 0.5 * value * (1 + erf(value / Math.SQRT2)));
      return add(each, linear(w, `${key}.mlp.fc2`, active));
    });
  }
  return x.map((each) => norm(w, `${side}_norm`, each, epsilon));
}

/**
 * z at every position of one image, [L, D], and the encoder's rows, [buffer + visible, E], visible ones ascending.
 *
 * @param tokens [L, C]
 * @param masked [L]
 * @param label a class, or null for `fake_latent`
 */
export function referenceForward(
  w: ReferenceWeights,
  config: MarConfig,
  tokens: ArrayLike<number>,
  masked: readonly boolean[],
  label: number | null,
): { z: Matrix; encoded: Matrix } {
  const { grid, buffer, encoder, decoder, epsilon } = config;
  const length = grid.height * grid.width;
  const classRow =
    label === null
      ? row(w.fake_latent!, 0, encoder.width)
      : row(w['class_emb.weight']!, label, encoder.width);
  const all: Matrix = [
    ...Array.from({ length: buffer }, () => classRow),
    ...Array.from({ length }, (_, position) => linear(w, 'z_proj', row(tokens, position, grid.channels))),
  ].map((each, n) =>
    norm(w, 'z_proj_ln', add(each, row(w.encoder_pos_embed_learned!, n, encoder.width)), epsilon),
  );
  const visible = (n: number): boolean => n < buffer || !masked[n - buffer];
  const encoded = blocks(
    w,
    'encoder',
    all.filter((_, n) => visible(n)),
    encoder,
    epsilon,
  );
  let next = 0;
  const sequence = all
    .map((_, n) =>
      visible(n) ? linear(w, 'decoder_embed', encoded[next++]!) : row(w.mask_token!, 0, decoder.width),
    )
    .map((each, n) => add(each, row(w.decoder_pos_embed_learned!, n, decoder.width)));
  const decoded = blocks(w, 'decoder', sequence, decoder, epsilon).slice(buffer);
  return {
    encoded,
    z: decoded.map((each, n) => add(each, row(w.diffusion_pos_embed_learned!, n, decoder.width))),
  };
}

/** The head on one row: x [C], original timestep t, z [D] → [ε | v], [2C]. */
export function referenceDenoise(
  w: ReferenceWeights,
  { head, epsilon }: MarConfig,
  x: Float64Array,
  t: number,
  z: Float64Array,
): Float64Array {
  const net = 'diffloss.net';
  const angles = Array.from({ length: 128 }, (_, i) => t * Math.exp((-Math.log(1e4) * i) / 128));
  const sinusoid = Float64Array.from([...angles.map(Math.cos), ...angles.map(Math.sin)]);
  const time = linear(w, `${net}.time_embed.mlp.2`, siluOf(linear(w, `${net}.time_embed.mlp.0`, sinusoid)));
  const y = siluOf(add(time, linear(w, `${net}.cond_embed`, z)));
  const { width } = head;
  const modulate = (normed: Float64Array, ada: Float64Array): Float64Array =>
    normed.map((value, i) => value * (1 + ada[width + i]!) + ada[i]!);
  let h = linear(w, `${net}.input_proj`, x);
  for (let block = 0; block < head.depth; block++) {
    const key = `${net}.res_blocks.${block}`;
    const ada = linear(w, `${key}.adaLN_modulation.1`, y);
    const inner = linear(w, `${key}.mlp.0`, modulate(norm(w, `${key}.in_ln`, h, epsilon), ada));
    const update = linear(w, `${key}.mlp.2`, siluOf(inner));
    h = h.map((value, i) => value + ada[2 * width + i]! * update[i]!);
  }
  const ada = linear(w, `${net}.final_layer.adaLN_modulation.1`, y);
  return linear(w, `${net}.final_layer.linear`, modulate(norm(w, undefined, h, epsilon), ada));
}
