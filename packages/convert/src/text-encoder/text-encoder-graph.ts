import { type Checkpoint, transpose } from '../checkpoint/checkpoint.js';
import { KeyShapes } from '../checkpoint/key-shapes.js';
import { attention } from '../graph/attention.js';
import { GraphBuilder, type Value } from '../graph/graph-builder.js';
import { ELEMENT_TYPES } from '../graph/onnx-writer.js';
import {
  type LayerContext,
  layerNorm,
  matrix,
  transformerStack,
  vector,
} from '../graph/transformer-block.js';
import { relativeBuckets } from './relative-buckets.js';
import { EMBEDDINGS, type TextEncoderConfig } from './text-encoder-config.js';
import { addMemoryKeys, memoryRows, slotRows } from './text-memory.js';

/** What is added to the scores of padding: its shares become 0. */
const MASKED = -1e9;

/** Tensors of Hugging Face's T5 that its encoder doesn't need. */
export const T5_UNUSED = ['decoder.', 'lm_head.', 'encoder.embed_tokens.'];

/** Every tensor of a text encoder with its shape. */
export function textEncoderKeys(config: TextEncoderConfig): Map<string, readonly number[]> {
  const { kind, vocabulary, width, depth, heads, inner, hidden, buckets } = config;
  const keys = new KeyShapes();
  keys.set(EMBEDDINGS[kind], [vocabulary, width]);
  if (kind === 'word-pieces') {
    keys.set('position_embedding', [1, Number.NaN, width]);
    keys.stack('blocks', 'norm', { width, depth, hidden });
    if (config.memory) addMemoryKeys(keys, config.memory, width);
    return keys;
  }
  keys.set('encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight', [buckets, heads]);
  for (let index = 0; index < depth; index++) {
    const block = `encoder.block.${index}.layer`;
    for (const name of ['q', 'k', 'v']) keys.set(`${block}.0.SelfAttention.${name}.weight`, [inner, width]);
    keys.set(`${block}.0.SelfAttention.o.weight`, [width, inner]);
    keys.set(`${block}.0.layer_norm.weight`, [width]);
    for (const name of ['wi_0', 'wi_1'])
      keys.set(`${block}.1.DenseReluDense.${name}.weight`, [hidden, width]);
    keys.set(`${block}.1.DenseReluDense.wo.weight`, [width, hidden]);
    keys.set(`${block}.1.layer_norm.weight`, [width]);
  }
  keys.set('encoder.final_layer_norm.weight', [width]);
  return keys;
}

/**
 * A text encoder: `ids` [B, tokens] and `mask` [B, tokens], 1 for tokens of the text and 0 for padding → `features`
 * [B, T, Ct].
 *
 * @throws CheckpointKeysError if the tensors are not those that `config` asks for
 */
export function textEncoderGraph(config: TextEncoderConfig, checkpoint: Checkpoint): GraphBuilder {
  checkpoint.assertKeys(textEncoderKeys(config));
  const { kind, vocabulary, width, length, tokens, epsilon } = config;
  const graph = new GraphBuilder('textEncoder');
  const context: LayerContext = { graph, checkpoint, epsilon };
  const ids = graph.input('ids', 'int32', ['B', tokens]);
  const mask = graph.input('mask', 'int32', ['B', tokens]);
  const seen = graph.op('Cast', [mask], { to: { int: ELEMENT_TYPES.float32 } });
  const scalar = (value: number): Value => graph.floats(Float32Array.of(value), []);
  // [B, 1, 1, T]: 0 where there is text.
  const padding = graph.op('Mul', [
    graph.op('Sub', [graph.op('Unsqueeze', [seen, graph.int64(1, 2)]), scalar(1)]),
    scalar(-MASKED),
  ]);
  const embedded = graph.op('Gather', [
    graph.weight({ ...checkpoint.tensor(EMBEDDINGS[kind], [vocabulary, width]), atLeast: 'fp16' }),
    ids,
  ]);
  const features =
    kind === 't5'
      ? t5Blocks(context, config, embedded, padding)
      : wordPieceRows(context, config, embedded, seen, padding);
  graph.output('features', features, 'float32', ['B', length, width]);
  return graph;
}

/** The tokens' rows, zeros for padding, and after them those of the memory, if there is one. */
function wordPieceRows(
  context: LayerContext,
  { width, depth, heads, hidden, tokens, memory }: TextEncoderConfig,
  embedded: Value,
  seen: Value,
  padding: Value,
): Value {
  const { graph, checkpoint } = context;
  const positions = graph.weight({
    name: 'position_embedding',
    shape: [tokens, width],
    atLeast: 'fp16',
    load: async () => (await checkpoint.read('position_embedding')).slice(0, tokens * width),
  });
  const join = (axis: number, ...rows: readonly Value[]): Value =>
    graph.op('Concat', rows, { axis: { int: axis } });
  let residual = graph.op('Add', [embedded, positions]);
  let bias = padding;
  if (memory) {
    const slots = memory.parts.length;
    const batch = graph.extent(embedded, 0);
    residual = join(1, residual, slotRows(context, slots, width, batch));
    const zeros = [graph.floats(Float32Array.of(0)), join(0, batch, graph.int64(1, 1, slots))];
    bias = join(3, padding, graph.op('Expand', zeros));
  }
  const stream = { residual, normed: layerNorm(context, 'blocks.0.norm1', residual, width) };
  const stack = { width, depth, heads, hidden };
  const rows = transformerStack({ ...context, bias }, 'blocks', stack, stream, 'norm');
  const shown = graph.op('Unsqueeze', [seen, graph.int64(2)]);
  if (!memory) return graph.op('Mul', [rows, shown]);
  const part = (from: number, to: number): Value =>
    graph.op('Slice', [rows, graph.int64(from), graph.int64(to), graph.int64(1)]);
  const words = graph.op('Mul', [part(0, tokens), shown]);
  const slots = part(tokens, tokens + memory.parts.length);
  return join(1, words, ...memoryRows(context, memory, slots, width));
}

function t5Blocks(context: LayerContext, config: TextEncoderConfig, embedded: Value, padding: Value): Value {
  const { graph, epsilon } = context;
  const { width, depth, heads, inner, hidden } = config;
  const bias = graph.op('Add', [graph.weight(positionBias(config, context.checkpoint)), padding]);
  const norm = (key: string, x: Value): Value => {
    const square = graph.op('ReduceMean', [graph.op('Mul', [x, x]), graph.int64(-1)], {
      keepdims: { int: 1 },
    });
    const root = graph.op('Sqrt', [graph.op('Add', [square, graph.floats(Float32Array.of(epsilon), [])])]);
    return graph.op('Mul', [graph.op('Div', [x, root]), vector(context, `${key}.weight`, width)]);
  };
  const product = (key: string, x: Value, inputs: number, outputs: number): Value =>
    graph.op('MatMul', [x, matrix(context, `${key}.weight`, inputs, outputs)]);
  let x = embedded;
  for (let index = 0; index < depth; index++) {
    const block = `encoder.block.${index}.layer`;
    const rows = norm(`${block}.0.layer_norm`, x);
    const part = (name: string): Value => product(`${block}.0.SelfAttention.${name}`, rows, width, inner);
    const mixed = attention(
      graph,
      { query: part('q'), key: part('k'), value: part('v') },
      // T5 doesn't scale its scores.
      { width: inner, heads, bias, scale: 1 },
    );
    x = graph.op('Add', [x, product(`${block}.0.SelfAttention.o`, mixed, inner, width)]);
    const normed = norm(`${block}.1.layer_norm`, x);
    const gate = graph.op('FastGelu', [product(`${block}.1.DenseReluDense.wi_0`, normed, width, hidden)]);
    const active = graph.op('Mul', [gate, product(`${block}.1.DenseReluDense.wi_1`, normed, width, hidden)]);
    x = graph.op('Add', [x, product(`${block}.1.DenseReluDense.wo`, active, hidden, width)]);
  }
  return norm('encoder.final_layer_norm', x);
}

/** What is added to each head's scores, [1, heads, T, T]: a learned number for each bucket of distances. */
function positionBias({ heads, length, buckets, maxDistance }: TextEncoderConfig, checkpoint: Checkpoint) {
  return {
    name: 'relative_attention_bias',
    shape: [1, heads, length, length],
    atLeast: 'fp32' as const,
    load: async () => {
      const key = 'encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight';
      const byHead = transpose(await checkpoint.read(key), buckets, heads);
      const bucketOf = relativeBuckets(length, buckets, maxDistance);
      const size = length * length;
      return Float32Array.from(
        { length: heads * size },
        (_, i) => byHead[Math.floor(i / size) * buckets + bucketOf[i % size]!]!,
      );
    },
  };
}
