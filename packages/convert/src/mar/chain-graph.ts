import { GraphBuilder, type Value } from '../graph/graph-builder.js';
import {
  type ModulationLayer,
  type ModulationPart,
  modulate,
  modulationParts,
  modulationPieces,
} from '../graph/modulate-graph.js';
import type { LayerContext } from '../graph/transformer-block.js';
import type { HeadSizes } from './mar-config.js';

/** A diffusion head of any kind, on one graph. */
export interface HeadNetwork {
  readonly context: LayerContext;
  /** Its adaLN layers, in the order of their pieces. */
  readonly layers: readonly ModulationLayer[];
  /** The time MLP: timesteps [S] → [S, W], and its input [S, 256]. */
  timeEmbed(timesteps: Value): { readonly timeEmbed: Value; readonly sinusoid: Value };
  /** Rows [R] of z [B, T, D] → [R, W]. */
  zEmbed(z: Value, rows: Value): Value;
  /** Its output [R, ·] for x [n, C]; row r of `rows` (int64 [1], R) takes x[r mod n]. */
  output(x: Value, rows: Value, part: ModulationPart): Value;
}

/** What a chain takes beside z, see {@link chainGraph}. */
interface ChainInputs {
  readonly x: Value;
  readonly timesteps: Value;
  readonly factors: Value;
  readonly scales: Value;
}

/** Adds the inputs of a chain to a graph. */
export function chainInputs(graph: GraphBuilder, { grid }: HeadSizes, steps: number): ChainInputs {
  return {
    x: graph.input('x', 'float32', ['n', grid.channels]),
    timesteps: graph.input('timesteps', 'float32', [steps]),
    factors: graph.input('factors', 'float32', [steps, 2]),
    scales: graph.input('scales', 'float32', [steps, 'n', 1]),
  };
}

/**
 * A whole chain of `steps` evaluations without noise between, as Euler's method takes them: `x` [n, C], `z` [B, T, D] and `rows`
 * [R], which of its B·T rows are wanted, `timesteps` [S], `factors` [S, 2] and `scales` [S, n, 1] → `tokens` [n, C].
 *
 * Of step s, o is the head's output, (1 − scale)·o_u + scale·o_c where R = 2n, and x ← factors[s, 0]·x + factors[s, 1]·o.
 */
export function chainGraph(
  config: HeadSizes,
  steps: number,
  open: (graph: GraphBuilder) => HeadNetwork,
): GraphBuilder {
  const graph = new GraphBuilder('chain');
  const head = open(graph);
  const inputs = chainInputs(graph, config, steps);
  const z = graph.input('z', 'float32', ['B', 'T', config.decoder.width]);
  const rows = graph.input('rows', 'int32', ['R']);
  const tokens = chainTokens(config, head, inputs, head.zEmbed(z, rows), steps);
  graph.output('tokens', tokens, 'float32', ['n', config.grid.channels]);
  return graph;
}

/** The end [n, C] of a chain, of conditions as the head takes them, [R, W]. */
export function chainTokens(
  config: HeadSizes,
  head: HeadNetwork,
  { x: initial, timesteps, factors, scales }: ChainInputs,
  zEmbed: Value,
  steps: number,
): Value {
  const { graph } = head.context;
  const { timeEmbed } = head.timeEmbed(timesteps);
  const [count, rowCount] = [graph.extent(initial, 0), graph.extent(zEmbed, 0)];
  const first = graph.int32([0]);
  const entry = (values: Value, index: number): Value =>
    graph.op('Gather', [values, graph.int64(index)], { axis: { int: 0 } });
  const flatFactors = graph.op('Reshape', [factors, graph.int64(-1)]);
  const pieces = modulationPieces(head.layers);
  let x = initial;
  for (let step = 0; step < steps; step++) {
    const modulation = modulate(head.context, config, head.layers, entry(timeEmbed, step), zEmbed);
    const part = modulationParts(graph, config.head.width, pieces, modulation, first);
    const out = head.output(x, rowCount, part);
    const half = (from: Value, to: Value): Value => graph.op('Slice', [out, from, to, graph.int64(0)]);
    const conditional = half(graph.int64(0), count);
    const unconditional = half(graph.op('Sub', [rowCount, count]), rowCount);
    const scale = graph.op('Reshape', [entry(scales, step), graph.int64(-1, 1)]);
    const difference = graph.op('Mul', [scale, graph.op('Sub', [conditional, unconditional])]);
    const guided = graph.op('Add', [unconditional, difference]);
    x = graph.op('Add', [
      graph.op('Mul', [x, entry(flatFactors, 2 * step)]),
      graph.op('Mul', [guided, entry(flatFactors, 2 * step + 1)]),
    ]);
  }
  return x;
}
