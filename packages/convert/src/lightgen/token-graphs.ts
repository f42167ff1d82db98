import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { GraphBuilder, type Value } from '../graph/graph-builder.js';
import {
  addAndNormalise,
  type LayerContext,
  layerNorm,
  projection,
  transformerStack,
} from '../graph/transformer-block.js';
import type { LightgenConfig } from './lightgen-config.js';

/** Beyond the end of any axis. */
const END = 2 ** 31 - 1;

/**
 * The encoder: `tokens` [B, V, C] at `positions` [B, V], with the `table` of positions [L, D] → `encoded` [B, V, D]. The
 * text has no part in it.
 */
export function tokenEncoderGraph(config: LightgenConfig, checkpoint: Checkpoint): GraphBuilder {
  const { grid, encoder, epsilon } = config;
  const { width } = encoder;
  const graph = new GraphBuilder('tokenEncoder');
  const context: LayerContext = { graph, checkpoint, epsilon };
  const tokens = graph.input('tokens', 'float32', ['B', 'V', grid.channels]);
  const positions = graph.input('positions', 'int32', ['B', 'V']);
  const table = graph.input('table', 'float32', ['L', width]);
  const { normed: residual } = addAndNormalise(context, {
    input: projection(context, 'z_proj', tokens, grid.channels, width, 'fp16'),
    skip: graph.op('Gather', [table, positions]),
    norm: 'z_proj_ln',
    width,
  });
  const stream = { residual, normed: layerNorm(context, 'encoder_blocks.0.norm1', residual, width) };
  const encoded = transformerStack(context, 'encoder_blocks', encoder, stream, 'encoder_norm');
  graph.output('encoded', encoded, 'float32', ['B', 'V', width]);
  return graph;
}

/**
 * The decoder: `encoded` [B, V, D] at the first V of `positions` [B, L], whose last T are the targets, with the tables
 * `decoder` and `last` [L, D] → `decoded` [B, T, D], and `queries` [B, T, D], with which the cross-attention stage begins.
 * The text has no part in it. As in MAR's transformer, nothing is scattered, and the last block goes on with the targets.
 */
export function tokenDecoderGraph(config: LightgenConfig, checkpoint: Checkpoint): GraphBuilder {
  const { decoder, epsilon } = config;
  const { width } = decoder;
  const graph = new GraphBuilder('tokenDecoder');
  const context: LayerContext = { graph, checkpoint, epsilon };
  const encoded = graph.input('encoded', 'float32', ['B', 'V', width]);
  const positions = graph.input('positions', 'int32', ['B', 'L']);
  const targetCount = graph.input('target_count', 'int32', [1]);
  const decoderTable = graph.input('decoder', 'float32', ['L', width]);
  const lastTable = graph.input('last', 'float32', ['L', width]);

  const masked = graph.op('Sub', [graph.extent(positions, 1), graph.extent(encoded, 1)]);
  const maskTokens = graph.op('Expand', [
    graph.weight(checkpoint.tensor('mask_token', [width])),
    graph.op('Concat', [graph.extent(positions, 0), masked, graph.int64(width)], { axis: { int: 0 } }),
  ]);
  const known = projection(context, 'decoder_embed', encoded, width, width, 'fp16');
  const stream = addAndNormalise(context, {
    input: graph.op('Concat', [known, maskTokens], { axis: { int: 1 } }),
    skip: graph.op('Gather', [decoderTable, positions]),
    norm: 'decoder_blocks.0.norm1',
    width,
  });
  const fromEnd = graph.op('Neg', [targetCount]);
  const lastOf = (value: Value): Value =>
    graph.op('Slice', [value, fromEnd, graph.int32([END]), graph.int32([1])]);
  const decoded = transformerStack(context, 'decoder_blocks', decoder, stream, 'decoder_norm', lastOf);
  const queries = graph.op('Add', [
    projection(context, 'last_embed', decoded, width, width, 'fp16'),
    graph.op('Gather', [lastTable, lastOf(positions)]),
  ]);
  graph.output('decoded', decoded, 'float32', ['B', 'T', width]);
  graph.output('queries', queries, 'float32', ['B', 'T', width]);
  return graph;
}
