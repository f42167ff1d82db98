import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { GraphBuilder } from '../graph/graph-builder.js';
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
  const flat = graph.op('Reshape', [z, graph.int64(-1, decoder.width)]);
  const picked = graph.op('Gather', [flat, rows]);
  const sizes = [decoder.width, head.width] as const;
  const projected = linear({ graph, checkpoint, epsilon }, 'diffloss.net.cond_embed', picked, sizes, 'fp16');
  graph.output('z_embed', projected, 'float32', ['R', head.width]);
  return graph;
}
