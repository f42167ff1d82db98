import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { GraphBuilder, type Value } from '../graph/graph-builder.js';
import type { LayerContext } from '../graph/transformer-block.js';
import { linear } from './embed-graph.js';
import type { HeadSizes } from './mar-config.js';

/**
 * Conditions as the head takes them: `z` [B, T, D], as `condition` gives it, and `rows` [R], which of its B·T rows are
 * wanted → `z_embed` [R, W].
 */
export function projectGraph(config: HeadSizes, checkpoint: Checkpoint): GraphBuilder {
  const { decoder, head, epsilon } = config;
  const graph = new GraphBuilder('project');
  const z = graph.input('z', 'float32', ['B', 'T', decoder.width]);
  const rows = graph.input('rows', 'int32', ['R']);
  const projected = projectedRows({ graph, checkpoint, epsilon }, config, z, rows);
  graph.output('z_embed', projected, 'float32', ['R', head.width]);
  return graph;
}

/** Rows [R] of z [B, T, D] as the head `net` takes them, [R, W]. */
export function projectedRows(
  context: LayerContext,
  { decoder, head }: HeadSizes,
  z: Value,
  rows: Value,
  net = 'diffloss.net',
): Value {
  const { graph } = context;
  const flat = graph.op('Reshape', [z, graph.int64(-1, decoder.width)]);
  const picked = graph.op('Gather', [flat, rows]);
  return linear(context, `${net}.cond_embed`, picked, [decoder.width, head.width], 'fp16');
}
