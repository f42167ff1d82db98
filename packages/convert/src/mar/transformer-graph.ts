import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { GraphBuilder, type LazyWeight, type Value } from '../graph/graph-builder.js';
import {
  addAndNormalise,
  type LayerContext,
  layerNorm,
  projection,
  type Stream,
  transformerStack,
} from '../graph/transformer-block.js';
import type { MarConfig } from './mar-config.js';

/**
 * The transformer: `tokens` [B, V, C], `positions` [B, L], `labels` [B], `target_count` [1] → `z` [B, T, D] and
 * `encoded` [B, buffer + V, E].
 *
 * `positions` lists the visible positions, then the other masked ones, then the T targets. Attention is blind to the
 * order of its rows, so the decoder's sequence is [buffer | visible | masked], nothing is scattered, and the targets are
 * the last T rows. Its last block computes queries and MLP for those alone.
 */
export function transformerGraph(config: MarConfig, checkpoint: Checkpoint): GraphBuilder {
  const { grid, buffer } = config;
  const length = grid.height * grid.width;
  const graph = new GraphBuilder('transformer');
  const context: LayerContext = { graph, checkpoint, epsilon: config.epsilon };
  const tokens = graph.input('tokens', 'float32', ['B', 'V', grid.channels]);
  const positions = graph.input('positions', 'int32', ['B', length]);
  const labels = graph.input('labels', 'int32', ['B']);
  const targetCount = graph.input('target_count', 'int32', [1]);

  const batch = graph.extent(labels, 0);
  const visible = graph.extent(tokens, 1);
  // Cut before it becomes rows: the input is still on the CPU, where WebGPU wants small integers to be cut.
  const seen = graph.op('Slice', [positions, graph.int64(0), visible, graph.int64(1)]);
  const seenRows = sequenceRows(graph, seen, batch, buffer);
  const encoded = encoder(context, config, { tokens, labels, batch, rows: seenRows });
  const fromEnd = graph.op('Neg', [targetCount]);
  const rows = sequenceRows(graph, positions, batch, buffer);
  const normed = decoder(context, config, { encoded, batch, visible, rows, fromEnd });

  const targets = graph.op('Slice', [positions, fromEnd, graph.int32([length]), graph.int32([1])]);
  const embedding = graph.op('Gather', [
    table(context, 'diffusion_pos_embed_learned', length, config.decoder.width),
    targets,
  ]);
  graph.output('encoded', encoded, 'float32', ['B', 'N', config.encoder.width]);
  graph.output('z', graph.op('Add', [normed, embedding]), 'float32', ['B', 'T', config.decoder.width]);
  return graph;
}

/**
 * The rows of the position tables that a sequence takes, [B, buffer + n], for `positions` [B, n]: in the tables, too, the
 * buffer comes first.
 */
export function sequenceRows(graph: GraphBuilder, positions: Value, batch: Value, buffer: number): Value {
  if (buffer === 0) return positions;
  const bufferRows = graph.op('Expand', [
    graph.int32(Array.from({ length: buffer }, (_, row) => row)),
    graph.op('Concat', [batch, graph.int64(buffer)], { axis: { int: 0 } }),
  ]);
  const tokenRows = graph.op('Add', [positions, graph.int32([buffer])]);
  return graph.op('Concat', [bufferRows, tokenRows], { axis: { int: 1 } });
}

function encoder(
  context: LayerContext,
  config: MarConfig,
  inputs: Record<'tokens' | 'labels' | 'batch' | 'rows', Value>,
): Value {
  const stream = encoderInput(context, config, inputs);
  return transformerStack(context, 'encoder_blocks', config.encoder, stream, 'encoder_norm');
}

/** What goes into the encoder: the buffer's rows, then those of `tokens`; `rows` are theirs in the position table. */
export function encoderInput(
  context: LayerContext,
  { grid, buffer, classes, encoder: { width } }: MarConfig,
  { tokens, labels, batch, rows }: Record<'tokens' | 'labels' | 'batch' | 'rows', Value>,
): Stream {
  const { graph } = context;
  let input = projection(context, 'z_proj', tokens, grid.channels, width, 'fp16');
  if (buffer > 0) {
    const classRow = graph.op('Gather', [
      graph.weight(classTable(context.checkpoint, classes, width)),
      labels,
    ]);
    const classRows = graph.op('Expand', [
      graph.op('Unsqueeze', [classRow, graph.int64(1)]),
      graph.op('Concat', [batch, graph.int64(buffer, width)], { axis: { int: 0 } }),
    ]);
    input = graph.op('Concat', [classRows, input], { axis: { int: 1 } });
  }
  const position = graph.op('Gather', [
    table(context, 'encoder_pos_embed_learned', buffer + grid.height * grid.width, width),
    rows,
  ]);
  // Here the norm's result is the residual stream, and the sum before it is not needed again.
  const residual = addAndNormalise(context, { input, skip: position, norm: 'z_proj_ln', width }).normed;
  return { residual, normed: layerNorm(context, 'encoder_blocks.0.norm1', residual, width) };
}

function decoder(
  context: LayerContext,
  { grid, buffer, encoder: { width: encoderWidth }, decoder: stack }: MarConfig,
  {
    encoded,
    batch,
    visible,
    rows,
    fromEnd,
  }: Record<'encoded' | 'batch' | 'visible' | 'rows' | 'fromEnd', Value>,
): Value {
  const { graph, checkpoint } = context;
  const { width } = stack;
  const length = grid.height * grid.width;
  const known = projection(context, 'decoder_embed', encoded, encoderWidth, width, 'fp16');
  const masked = graph.op('Expand', [
    graph.weight(checkpoint.tensor('mask_token', [width])),
    graph.op('Concat', [batch, graph.op('Sub', [graph.int64(length), visible]), graph.int64(width)], {
      axis: { int: 0 },
    }),
  ]);
  const stream = addAndNormalise(context, {
    input: graph.op('Concat', [known, masked], { axis: { int: 1 } }),
    skip: graph.op('Gather', [table(context, 'decoder_pos_embed_learned', buffer + length, width), rows]),
    norm: 'decoder_blocks.0.norm1',
    width,
  });
  const lastRows = (value: Value): Value =>
    graph.op('Slice', [value, fromEnd, graph.int32([buffer + length]), graph.int32([1])]);
  return transformerStack(context, 'decoder_blocks', stack, stream, 'decoder_norm', lastRows);
}

/** A table of learned rows, stored as [1, rows, width] in the checkpoint. */
export function table({ graph, checkpoint }: LayerContext, key: string, rows: number, width: number): Value {
  return graph.weight(checkpoint.tensor(key, [rows, width]));
}

/** The class embeddings with the learned row for "no class" after the last. */
function classTable(checkpoint: Checkpoint, classes: number, width: number): LazyWeight {
  return {
    name: 'class_emb.weight',
    shape: [classes + 1, width],
    load: async () => {
      const rows = new Float32Array((classes + 1) * width);
      rows.set(await checkpoint.read('class_emb.weight'));
      rows.set(await checkpoint.read('fake_latent'), classes * width);
      return rows;
    },
  };
}
