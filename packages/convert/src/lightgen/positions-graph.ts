import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { transpose } from '../checkpoint/checkpoint.js';
import { GraphBuilder } from '../graph/graph-builder.js';
import type { LightgenConfig } from './lightgen-config.js';

/** The tables that a grid needs, in the order of the graph's outputs. */
const TABLES = ['encoder', 'decoder', 'last'] as const;

/**
 * The position tables of another grid: `scales` [2], for rows and columns of the tables → `encoder`, `decoder` and `last`
 * [L, D]. Bicubic with a = −0.75, taps clamped to the border, on the scales as they are given.
 */
export function positionsGraph(config: LightgenConfig, checkpoint: Checkpoint): GraphBuilder {
  const { positions, encoder } = config;
  const { width } = encoder;
  const { side } = positions;
  const graph = new GraphBuilder('positions');
  const scales = graph.input('scales', 'float32', [2]);
  const all = graph.op('Concat', [graph.floats(Float32Array.of(1, 1)), scales], { axis: { int: 0 } });
  for (const name of TABLES) {
    const key = `${name}_pos_embed_learned`;
    const table = graph.weight({
      name: key,
      shape: [1, width, side, side],
      atLeast: 'fp32',
      load: async () => transpose(await checkpoint.read(key), side * side, width),
    });
    const resized = graph.op('Resize', [table, undefined, all], {
      mode: { string: 'cubic' },
      cubic_coeff_a: { float: -0.75 },
      coordinate_transformation_mode: { string: 'half_pixel' },
    });
    const rows = graph.op('Reshape', [resized, graph.int64(width, -1)]);
    graph.output(name, graph.op('Transpose', [rows], { perm: { ints: [1, 0] } }), 'float32', ['L', width]);
  }
  return graph;
}
