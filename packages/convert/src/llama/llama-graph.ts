import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { KeyShapes } from '../checkpoint/key-shapes.js';
import { GraphBuilder, type Value } from '../graph/graph-builder.js';
import { ELEMENT_TYPES } from '../graph/onnx-writer.js';
import { type LayerContext, matrix, rmsNorm } from '../graph/transformer-block.js';
import { silu } from '../mar/embed-graph.js';
import type { LlamaConfig } from './llama-config.js';

/** Added to scores that take no part: softmax makes 0 of them. */
const NEVER = -1e9;

/** Every tensor of a Llama with its shape, without the prefix `model.`; the output layer is not needed. */
export function llamaKeys(config: LlamaConfig): Map<string, readonly number[]> {
  const { vocabulary, width, depth, hidden, heads, keyHeads, headSize } = config;
  const keys = new KeyShapes();
  const weight = (name: string, ...shape: number[]): void => void keys.set(`${name}.weight`, shape);
  weight('embed_tokens', vocabulary, width);
  for (let index = 0; index < depth; index++) {
    const layer = `layers.${index}`;
    weight(`${layer}.input_layernorm`, width);
    weight(`${layer}.self_attn.q_proj`, heads * headSize, width);
    weight(`${layer}.self_attn.k_proj`, keyHeads * headSize, width);
    weight(`${layer}.self_attn.v_proj`, keyHeads * headSize, width);
    weight(`${layer}.self_attn.o_proj`, width, heads * headSize);
    weight(`${layer}.post_attention_layernorm`, width);
    weight(`${layer}.mlp.gate_proj`, hidden, width);
    weight(`${layer}.mlp.up_proj`, hidden, width);
    weight(`${layer}.mlp.down_proj`, width, hidden);
  }
  weight('norm', width);
  return keys;
}

/**
 * A Llama as a text encoder: `ids` [B, T] and `mask` [B, T], 1 for text and 0 for padding → `features` [B, T, Ct], the last
 * hidden state, after the final norm. Padding is computed like text, and reads the text alone.
 *
 * @param length T
 * @throws CheckpointKeysError if the checkpoint's tensors are not those that `config` asks for
 */
export function llamaGraph(config: LlamaConfig, checkpoint: Checkpoint, length: number): GraphBuilder {
  checkpoint.assertKeys(llamaKeys(config));
  const { vocabulary, width, depth, hidden, heads, keyHeads, headSize, epsilon } = config;
  const graph = new GraphBuilder('textEncoder');
  const context: LayerContext = { graph, checkpoint, epsilon };
  const ids = graph.input('ids', 'int32', ['B', length]);
  const mask = graph.input('mask', 'int32', ['B', length]);

  const table = checkpoint.tensor('embed_tokens.weight', [vocabulary, width]);
  let residual = graph.op('Gather', [graph.weight(table), ids]);
  const bias = attentionBias(graph, mask, length);
  const turns = rotation(graph, config, length);
  for (let index = 0; index < depth; index++) {
    const layer = `layers.${index}`;
    const linear = (name: string, rows: Value, inputs: number, outputs: number): Value =>
      graph.op('MatMul', [rows, matrix(context, `${layer}.${name}.weight`, inputs, outputs)]);
    const rows = rmsNorm(context, `${layer}.input_layernorm`, residual, width);
    const mixed = groupedAttention(graph, config, {
      query: turns(linear('self_attn.q_proj', rows, width, heads * headSize)),
      key: turns(linear('self_attn.k_proj', rows, width, keyHeads * headSize)),
      value: linear('self_attn.v_proj', rows, width, keyHeads * headSize),
      bias,
    });
    residual = graph.op('Add', [residual, linear('self_attn.o_proj', mixed, heads * headSize, width)]);
    const normed = rmsNorm(context, `${layer}.post_attention_layernorm`, residual, width);
    const gated = graph.op('Mul', [
      silu(graph, linear('mlp.gate_proj', normed, width, hidden)),
      linear('mlp.up_proj', normed, width, hidden),
    ]);
    residual = graph.op('Add', [residual, linear('mlp.down_proj', gated, hidden, width)]);
  }
  graph.output('features', rmsNorm(context, 'norm', residual, width), 'float32', ['B', length, width]);
  return graph;
}

/** What is added to the scores, [B, 1, 1, T, T]: rows read themselves and those before them, of the text alone. */
function attentionBias(graph: GraphBuilder, mask: Value, length: number): Value {
  const later = Float32Array.from({ length: length ** 2 }, (_, i) =>
    i % length > Math.floor(i / length) ? NEVER : 0,
  );
  const padding = graph.op('Mul', [
    graph.op('Sub', [
      graph.op('Cast', [mask], { to: { int: ELEMENT_TYPES.float32 } }),
      graph.floats(Float32Array.of(1), []),
    ]),
    graph.floats(Float32Array.of(-NEVER), []),
  ]);
  const ofKeys = graph.op('Unsqueeze', [padding, graph.int64(1, 2, 3)]);
  return graph.op('Add', [ofKeys, graph.floats(later, [length, length])]);
}

/** The rotary embedding of rows [B, T, heads·d]: pairs (i, i + d/2) are turned by position · frequency i. */
function rotation(graph: GraphBuilder, { frequencies }: LlamaConfig, length: number): (rows: Value) => Value {
  const shape = [length, frequencies.length];
  const angles = Array.from({ length: length * frequencies.length }, (_, i) => {
    const position = Math.floor(i / frequencies.length);
    return position * frequencies[i % frequencies.length]!;
  });
  const first = graph.int64(0);
  const cosines = graph.floats(Float32Array.from(angles, Math.cos), shape);
  const sines = graph.floats(Float32Array.from(angles, Math.sin), shape);
  return (rows) => graph.op('RotaryEmbedding', [rows, first, cosines, sines], { interleaved: { int: 0 } });
}

/** Attention in which several heads of queries share a head of keys and values; rows [B, T, heads·d]. */
function groupedAttention(
  graph: GraphBuilder,
  { heads, keyHeads, headSize }: LlamaConfig,
  { query, key, value, bias }: Record<'query' | 'key' | 'value' | 'bias', Value>,
): Value {
  const group = heads / keyHeads;
  const transpose = (rows: Value, ...perm: number[]): Value =>
    graph.op('Transpose', [rows], { perm: { ints: perm } });
  const apart = (rows: Value, ...sizes: number[]): Value =>
    graph.op('Reshape', [rows, graph.int64(0, 0, ...sizes, headSize)]);
  // The heads that share keys are rows of one product.
  const queries = graph.op('Reshape', [
    transpose(apart(query, keyHeads, group), 0, 2, 3, 1, 4),
    graph.int64(0, keyHeads, -1, headSize),
  ]);
  const scaled = graph.op('Mul', [queries, graph.floats(Float32Array.of(1 / Math.sqrt(headSize)), [])]);
  const scores = graph.op('MatMul', [scaled, transpose(apart(key, keyHeads), 0, 2, 3, 1)]);
  const length = graph.extent(query, 1);
  const ofHeads = (last: Value): Value =>
    graph.op('Concat', [graph.int64(0, keyHeads, group), length, last], { axis: { int: 0 } });
  const biased = graph.op('Add', [graph.op('Reshape', [scores, ofHeads(length)]), bias]);
  const weights = graph.op('Reshape', [
    graph.op('Softmax', [biased], { axis: { int: -1 } }),
    graph.op('Shape', [scores]),
  ]);
  const mixed = graph.op('MatMul', [weights, transpose(apart(value, keyHeads), 0, 2, 1, 3)]);
  const together = transpose(graph.op('Reshape', [mixed, ofHeads(graph.int64(headSize))]), 0, 3, 1, 2, 4);
  return graph.op('Reshape', [together, graph.int64(0, 0, heads * headSize)]);
}
