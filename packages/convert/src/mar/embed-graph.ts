import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { GraphBuilder, type LazyWeight, type Value } from '../graph/graph-builder.js';
import { type LayerContext, matrix, vector } from '../graph/transformer-block.js';
import { type HeadSizes, SINUSOID_WIDTH } from './mar-config.js';
import { TIMESTEP_FREQUENCIES } from './timestep-frequencies.js';

/** A linear layer on rows [rows, inputs] → [rows, outputs]. */
export function linear(
  context: LayerContext,
  key: string,
  rows: Value,
  [inputs, outputs]: readonly [inputs: number, outputs: number],
  atLeast?: LazyWeight['atLeast'],
): Value {
  return context.graph.op('Gemm', [
    rows,
    matrix(context, `${key}.weight`, inputs, outputs, atLeast),
    vector(context, `${key}.bias`, outputs),
  ]);
}

/** x·sigmoid(x). */
export function silu(graph: GraphBuilder, value: Value): Value {
  return graph.op('QuickGelu', [value], { alpha: { float: 1 } });
}

/**
 * The time MLP: `timesteps` [S] (original ones, 0 … 999) → `time_embed` [S, W], and the `sinusoid` [S, 256] that goes
 * into it.
 */
export function embedGraph(config: HeadSizes, checkpoint: Checkpoint): GraphBuilder {
  const { head, epsilon } = config;
  const graph = new GraphBuilder('embed');
  const context: LayerContext = { graph, checkpoint, epsilon };
  const timesteps = graph.input('timesteps', 'float32', ['S']);
  const { timeEmbed, sinusoid } = timeEmbedding(context, config, timesteps);
  graph.output('time_embed', timeEmbed, 'float32', ['S', head.width]);
  graph.output('sinusoid', sinusoid, 'float32', ['S', SINUSOID_WIDTH]);
  return graph;
}

/** The time MLP of the head `net` for timesteps [S], and its input. */
export function timeEmbedding(
  context: LayerContext,
  { head }: HeadSizes,
  timesteps: Value,
  net = 'diffloss.net',
): { readonly timeEmbed: Value; readonly sinusoid: Value } {
  const { graph } = context;
  const angles = graph.op('Mul', [
    graph.op('Unsqueeze', [timesteps, graph.int64(1)]),
    graph.floats(TIMESTEP_FREQUENCIES, [1, TIMESTEP_FREQUENCIES.length]),
  ]);
  const reduced = reduceToOneTurn(graph, angles);
  const sinusoid = graph.op('Concat', [graph.op('Cos', [reduced]), graph.op('Sin', [reduced])], {
    axis: { int: 1 },
  });
  const hidden = linear(context, `${net}.time_embed.mlp.0`, sinusoid, [SINUSOID_WIDTH, head.width], 'fp16');
  const timeEmbed = linear(
    context,
    `${net}.time_embed.mlp.2`,
    silu(graph, hidden),
    [head.width, head.width],
    'fp16',
  );
  return { timeEmbed, sinusoid };
}

/**
 * Angles of 0 … 999 brought to −π … π, outside of which the sines of GPUs get coarse.
 *
 * 2π is taken off in two parts (Cody and Waite): 201/32 has so few digits that its product with a number of turns and
 * the difference from the angle are exact, and the rest is small.
 */
function reduceToOneTurn(graph: GraphBuilder, angles: Value): Value {
  const coarse = 201 / 32;
  const scalar = (value: number): Value => graph.floats(Float32Array.of(value), []);
  const turns = graph.op('Floor', [
    graph.op('Add', [graph.op('Mul', [angles, scalar(1 / (2 * Math.PI))]), scalar(0.5)]),
  ]);
  const rest = graph.op('Sub', [angles, graph.op('Mul', [turns, scalar(coarse)])]);
  return graph.op('Sub', [rest, graph.op('Mul', [turns, scalar(2 * Math.PI - coarse)])]);
}
