import type { Checkpoint } from '../checkpoint/checkpoint.js';
import type { StackConfig } from '../mar/mar-config.js';
import { attention } from './attention.js';
import type { GraphBuilder, LazyWeight, Value } from './graph-builder.js';

/** The two things that flow between blocks, each [B, rows, width]. */
export interface Stream {
  /** The residual stream. */
  readonly residual: Value;
  /** Its normalisation, by the norm that comes next. */
  readonly normed: Value;
}

/** Adds layers of one checkpoint to one graph. */
export interface LayerContext {
  readonly graph: GraphBuilder;
  readonly checkpoint: Checkpoint;
  readonly epsilon: number;
  /** Added to the scores of self-attention, [B, heads, rows, rows]. */
  readonly bias?: Value;
}

/** A vector of the checkpoint, [width]. */
export function vector({ graph, checkpoint }: LayerContext, key: string, width: number): Value {
  return graph.weight(checkpoint.tensor(key, [width]));
}

/**
 * A linear layer's weight as [in, out], for `MatMul` and `Gemm`.
 *
 * @param atLeast the coarsest float type it can bear, where integers would be too coarse
 */
export function matrix(
  { graph, checkpoint }: LayerContext,
  key: string,
  inputs: number,
  outputs: number,
  atLeast?: LazyWeight['atLeast'],
): Value {
  return graph.weight({ ...checkpoint.transposed(key, inputs, [0, outputs]), atLeast });
}

/** A linear layer on rows [B, rows, inputs] → [B, rows, outputs]. */
export function projection(
  context: LayerContext,
  key: string,
  rows: Value,
  inputs: number,
  outputs: number,
  atLeast?: LazyWeight['atLeast'],
): Value {
  return context.graph.op('Add', [
    context.graph.op('MatMul', [rows, matrix(context, `${key}.weight`, inputs, outputs, atLeast)]),
    vector(context, `${key}.bias`, outputs),
  ]);
}

/** GELU, in its tanh form, of a linear layer on rows [B, rows, inputs] → [B, rows, outputs]. */
export function geluProjection(
  context: LayerContext,
  key: string,
  rows: Value,
  inputs: number,
  outputs: number,
): Value {
  return context.graph.op('FastGelu', [
    context.graph.op('MatMul', [rows, matrix(context, `${key}.weight`, inputs, outputs)]),
    vector(context, `${key}.bias`, outputs),
  ]);
}

/** A layer normalisation over the last axis. */
export function layerNorm(context: LayerContext, norm: string, x: Value, width: number): Value {
  return context.graph.op(
    'LayerNormalization',
    [x, vector(context, `${norm}.weight`, width), vector(context, `${norm}.bias`, width)],
    { axis: { int: -1 }, epsilon: { float: context.epsilon } },
  );
}

/** An RMS normalisation over the last axis. */
export function rmsNorm(context: LayerContext, norm: string, x: Value, width: number): Value {
  return context.graph.op('SimplifiedLayerNormalization', [x, vector(context, `${norm}.weight`, width)], {
    axis: { int: -1 },
    epsilon: { float: context.epsilon },
  });
}

/** A layer normalisation over the last axis, with nothing learned. */
export function plainLayerNorm({ graph, epsilon }: LayerContext, x: Value, width: number): Value {
  return graph.op('LayerNormalization', [x, graph.floats(new Float32Array(width).fill(1))], {
    axis: { int: -1 },
    epsilon: { float: epsilon },
  });
}

/**
 * The residual sum and the norm that follows: residual = skip + (input + bias), normed = norm(residual).
 *
 * Three plain nodes: on the CPU they take a third of the time of one SkipLayerNormalization, whose loop isn't
 * vectorised; runtimes that have a fast one fuse them themselves.
 *
 * @param norm the norm's key
 */
export function addAndNormalise(
  context: LayerContext,
  {
    input,
    skip,
    bias,
    norm,
    width,
  }: { input: Value; skip: Value; bias?: Value; norm: string; width: number },
): Stream {
  const { graph } = context;
  const residual = graph.op('Add', [skip, bias === undefined ? input : graph.op('Add', [input, bias])]);
  return { residual, normed: layerNorm(context, norm, residual, width) };
}

/** Keys and values of attention, each [B, rows, width], without their biases. */
export interface KeysAndValues {
  readonly key: Value;
  readonly value: Value;
}

/** One of the three parts of a block's qkv layer, without its bias, on rows that norm1 has normalised. */
function projected(
  { graph, checkpoint }: LayerContext,
  block: string,
  width: number,
  part: 'q' | 'k' | 'v',
  rows: Value,
): Value {
  const key = `${block}.attn.qkv.weight`;
  const weight = checkpoint.transposed(key, width, qkvRange(width, part), `${block}.attn.${part}.weight`);
  return graph.op('MatMul', [rows, graph.weight(weight)]);
}

/** Rows with the bias of queries or values added. */
export function withQkvBias(
  { graph, checkpoint }: LayerContext,
  block: string,
  width: number,
  part: 'q' | 'v',
  rows: Value,
): Value {
  const load = () => checkpoint.read(`${block}.attn.qkv.bias`, qkvRange(width, part));
  return graph.op('Add', [rows, graph.weight({ name: `${block}.attn.${part}.bias`, shape: [width], load })]);
}

function qkvRange(width: number, part: 'q' | 'k' | 'v'): readonly [from: number, to: number] {
  const first = 'qkv'.indexOf(part) * width;
  return [first, first + width];
}

/** A block's keys and values for rows that norm1 has normalised. */
export function keysAndValues(
  context: LayerContext,
  block: string,
  width: number,
  normed: Value,
): KeysAndValues {
  const part = (name: 'k' | 'v'): Value => projected(context, block, width, name, normed);
  return { key: part('k'), value: part('v') };
}

/**
 * A block of a vision transformer: x += proj(attention(norm1 x)); x += fc2(gelu(fc1(norm2 x))).
 *
 * @param block the block's key
 * @param stream `normed` is norm1 x already
 * @param next the key of the norm after the block
 * @param queries the rows to go on with, where that isn't all of them: keys and values come from `stream`, the rest of
 * the block runs on these
 */
export function transformerBlock(
  context: LayerContext,
  block: string,
  stack: Omit<StackConfig, 'depth'>,
  stream: Stream,
  next: string,
  queries: Stream = stream,
): Stream {
  return attendingBlock(
    context,
    block,
    stack,
    queries,
    keysAndValues(context, block, stack.width, stream.normed),
    next,
  );
}

/** A block whose keys and values are there already: {@link transformerBlock} on the rows `queries`. */
export function attendingBlock(
  context: LayerContext,
  block: string,
  { width, heads, hidden }: Omit<StackConfig, 'depth'>,
  queries: Stream,
  seen: KeysAndValues,
  next: string,
): Stream {
  const { graph } = context;
  const query = withQkvBias(
    context,
    block,
    width,
    'q',
    projected(context, block, width, 'q', queries.normed),
  );
  const mixed = attention(graph, { query, ...seen }, { width, heads, bias: context.bias });
  // A row's weights sum to 1, so the values' bias may as well be added to what they mix: the rows may be fewer.
  const attentionOutput = withQkvBias(context, block, width, 'v', mixed);
  const attended = addAndNormalise(context, {
    input: graph.op('MatMul', [attentionOutput, matrix(context, `${block}.attn.proj.weight`, width, width)]),
    skip: queries.residual,
    bias: vector(context, `${block}.attn.proj.bias`, width),
    norm: `${block}.norm2`,
    width,
  });
  return mlp(context, block, { width, hidden }, attended, next);
}

/**
 * The second half of a block: x += fc2(gelu(fc1(norm2 x))).
 *
 * @param stream `normed` is norm2 x already
 * @param next the key of the norm after the block
 */
export function mlp(
  context: LayerContext,
  block: string,
  { width, hidden }: Pick<StackConfig, 'width' | 'hidden'>,
  { residual, normed }: Stream,
  next: string,
): Stream {
  const { graph } = context;
  const inner = graph.op('BiasGelu', [
    graph.op('MatMul', [normed, matrix(context, `${block}.mlp.fc1.weight`, width, hidden)]),
    vector(context, `${block}.mlp.fc1.bias`, hidden),
  ]);
  return addAndNormalise(context, {
    input: graph.op('MatMul', [inner, matrix(context, `${block}.mlp.fc2.weight`, hidden, width)]),
    skip: residual,
    bias: vector(context, `${block}.mlp.fc2.bias`, width),
    norm: next,
    width,
  });
}

/**
 * Blocks `stem.0`, `stem.1` … in a row, and the norm after them.
 *
 * @param stream `normed` is the first block's norm1 already
 * @param lastRows takes the rows that the last block goes on with, as `queries` of {@link transformerBlock}
 * @returns the norm's result
 */
export function transformerStack(
  context: LayerContext,
  stem: string,
  { depth, ...sizes }: StackConfig,
  stream: Stream,
  norm: string,
  lastRows: (rows: Value) => Value = (rows) => rows,
): Value {
  for (let block = 0; block < depth; block++) {
    const isLast = block + 1 === depth;
    const next = isLast ? norm : `${stem}.${block + 1}.norm1`;
    const queries = isLast
      ? { normed: lastRows(stream.normed), residual: lastRows(stream.residual) }
      : stream;
    stream = transformerBlock(context, `${stem}.${block}`, sizes, stream, next, queries);
  }
  return stream.normed;
}
