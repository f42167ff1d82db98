import type { StackConfig } from '../mar/mar-config.js';

/** A row of activations. */
export type Row = Float64Array;

/** Reads a tensor of a checkpoint by its key. */
export type ReadTensor = (key: string) => Promise<ArrayLike<number>>;

export const addRows = (a: Row, b: ArrayLike<number>): Row => a.map((value, i) => value + b[i]!);
export const siluRow = (x: Row): Row => x.map((value) => value / (1 + Math.exp(-value)));

/** The linear layer `key` on rows. */
export async function linearLayer(read: ReadTensor, key: string, rows: readonly Row[]): Promise<Row[]> {
  return multiply(rows, await read(`${key}.weight`), await read(`${key}.bias`));
}

/** rows [n, inputs] · weight [outputs, inputs]ᵀ + bias [outputs]. */
function multiply(rows: readonly Row[], weight: ArrayLike<number>, bias: ArrayLike<number>): Row[] {
  const outputs = rows.map(() => new Float64Array(bias.length));
  // Four rows at a time: each weight is loaded once for them, and their sums don't wait for one another.
  for (let first = 0; first < rows.length; first += 4) {
    const at = (i: number): number => Math.min(first + i, rows.length - 1);
    const [a, b, c, d] = [rows[at(0)]!, rows[at(1)]!, rows[at(2)]!, rows[at(3)]!];
    const inputs = a.length;
    for (let out = 0; out < bias.length; out++) {
      let [sumA, sumB, sumC, sumD] = [0, 0, 0, 0];
      for (let i = 0, w = out * inputs; i < inputs; i++, w++) {
        const factor = weight[w]!;
        sumA += factor * a[i]!;
        sumB += factor * b[i]!;
        sumC += factor * c[i]!;
        sumD += factor * d[i]!;
      }
      for (const [i, sum] of [sumA, sumB, sumC, sumD].entries()) outputs[at(i)]![out] = sum + bias[out]!;
    }
  }
  return outputs;
}

/** The layer normalisation `key`; without weights where there is none. */
export async function normLayer(
  read: ReadTensor,
  key: string | undefined,
  rows: readonly Row[],
  epsilon: number,
): Promise<Row[]> {
  const weight = key === undefined ? undefined : await read(`${key}.weight`);
  const bias = key === undefined ? undefined : await read(`${key}.bias`);
  return rows.map((x) => {
    const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
    const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
    const scale = 1 / Math.sqrt(variance + epsilon);
    return x.map((value, i) => (value - mean) * scale * (weight?.[i] ?? 1) + (bias?.[i] ?? 0));
  });
}

/** The RMS normalisation `key`, over each row. */
export async function rmsNormLayer(
  read: ReadTensor,
  key: string,
  rows: readonly Row[],
  epsilon: number,
): Promise<Row[]> {
  const weight = await read(`${key}.weight`);
  return rows.map((x) => {
    const mean = x.reduce((sum, value) => sum + value ** 2, 0) / x.length;
    return x.map((value, i) => (value / Math.sqrt(mean + epsilon)) * weight[i]!);
  });
}

/** A linear layer without a bias, on rows. */
export async function productLayer(read: ReadTensor, key: string, rows: readonly Row[]): Promise<Row[]> {
  const weight = await read(`${key}.weight`);
  return multiply(rows, weight, new Float64Array(weight.length / rows[0]!.length));
}

/**
 * The self-attention `key`.
 *
 * @param counts how many times each row is there
 */
export async function attentionLayer(
  read: ReadTensor,
  key: string,
  rows: readonly Row[],
  counts: readonly number[],
  heads: number,
): Promise<Row[]> {
  const width = rows[0]?.length ?? 0;
  const qkv = await linearLayer(read, `${key}.qkv`, rows);
  const [queries, memory] = [qkv.map((row) => row.subarray(0, width)), qkv.map((row) => row.subarray(width))];
  return linearLayer(read, `${key}.proj`, mixRows(queries, memory, { width, heads }, counts));
}

/**
 * Softmax(query·keyᵀ/√d)·value head by head.
 *
 * @param memory rows [key | value]
 * @param counts how many times each of them is there
 */
export function mixRows(
  queries: readonly Row[],
  memory: readonly Row[],
  { width, heads }: { readonly width: number; readonly heads: number },
  counts: readonly number[] = memory.map(() => 1),
): Row[] {
  const size = width / heads;
  return queries.map((query) => {
    const row = new Float64Array(width);
    for (let from = 0; from < width; from += size) {
      const scores = memory.map((other) => {
        let dot = 0;
        for (let i = from; i < from + size; i++) dot += query[i]! * other[i]!;
        return dot / Math.sqrt(size);
      });
      const largest = Math.max(...scores);
      const shares = scores.map((score, n) => counts[n]! * Math.exp(score - largest));
      const total = shares.reduce((sum, share) => sum + share, 0);
      for (const [n, other] of memory.entries()) {
        const share = shares[n]! / total;
        for (let i = from; i < from + size; i++) row[i]! += share * other[width + i]!;
      }
    }
    return row;
  });
}

/** x·Φ(x), Φ the normal distribution's, by the power series of the error function: to 1e-8. */
export function gelu(x: number): number {
  const a = Math.abs(x) / Math.SQRT2;
  if (a > 4) return Math.max(x, 0);
  let term = a;
  let sum = a;
  for (let n = 1; term * term > 1e-22 * sum * sum; n++) {
    term *= (-a * a) / n;
    const part = term / (2 * n + 1);
    sum += part;
  }
  const erf = (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  return 0.5 * x * (1 + erf);
}

/** Blocks of a vision transformer in a row, and the norm that follows them. */
export async function transformerBlocks(
  read: ReadTensor,
  names: { readonly blocks: string; readonly norm: string },
  rows: readonly Row[],
  counts: readonly number[],
  stack: StackConfig,
  epsilon: number,
): Promise<Row[]> {
  let x = [...rows];
  for (let index = 0; index < stack.depth; index++) {
    const key = `${names.blocks}.${index}`;
    const normed = await normLayer(read, `${key}.norm1`, x, epsilon);
    const attended = await attentionLayer(read, `${key}.attn`, normed, counts, stack.heads);
    x = x.map((row, n) => addRows(row, attended[n]!));
    const hidden = await linearLayer(
      read,
      `${key}.mlp.fc1`,
      await normLayer(read, `${key}.norm2`, x, epsilon),
    );
    const update = await linearLayer(
      read,
      `${key}.mlp.fc2`,
      hidden.map((row) => row.map(gelu)),
    );
    x = x.map((row, n) => addRows(row, update[n]!));
  }
  return normLayer(read, names.norm, x, epsilon);
}
