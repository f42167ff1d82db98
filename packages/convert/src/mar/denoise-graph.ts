import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { GraphBuilder, type Value } from '../graph/graph-builder.js';
import { modulationWidth } from '../graph/modulate-graph.js';
import { ELEMENT_TYPES } from '../graph/onnx-writer.js';
import { type LayerContext, layerNorm } from '../graph/transformer-block.js';
import { linear, silu } from './embed-graph.js';
import type { HeadSizes } from './mar-config.js';

/**
 * The denoiser's body: `x` [n, C], `modulation` [S, R, M], `step` [1] → `out` [R, 2C], a row [ε | v]. Row r takes
 * x[r mod n].
 */
export function denoiseGraph(config: HeadSizes, checkpoint: Checkpoint): GraphBuilder {
  const { grid, head, epsilon } = config;
  const { width, depth } = head;
  const net = 'diffloss.net';
  const graph = new GraphBuilder('denoise');
  const context: LayerContext = { graph, checkpoint, epsilon };
  const x = graph.input('x', 'float32', ['n', grid.channels]);
  const modulation = graph.input('modulation', 'float32', ['S', 'R', modulationWidth(config)]);
  const step = graph.input('step', 'int32', [1]);

  const part = modulationParts(graph, config, modulation, step);
  const projected = linear(context, `${net}.input_proj`, x, [grid.channels, width], 'fp16');
  const copies = graph.op('Div', [graph.extent(modulation, 1), graph.extent(x, 0)]);
  let residual = graph.op('Tile', [
    projected,
    graph.op('Concat', [copies, graph.int64(1)], { axis: { int: 0 } }),
  ]);
  const modulate = (normed: Value, shift: Value, scale: Value): Value =>
    graph.op('Add', [graph.op('Mul', [normed, scale]), shift]);
  const ones = new Float32Array(width).fill(1);

  for (let block = 0; block < depth; block++) {
    const name = `${net}.res_blocks.${block}`;
    const normed = layerNorm(context, `${name}.in_ln`, residual, width);
    const [shift, scale, gate] = part(3 * block, 3) as [Value, Value, Value];
    const hidden = linear(context, `${name}.mlp.0`, modulate(normed, shift, scale), [width, width]);
    const update = linear(context, `${name}.mlp.2`, silu(graph, hidden), [width, width]);
    residual = graph.op('Add', [residual, graph.op('Mul', [gate, update])]);
  }
  const normed = graph.op('LayerNormalization', [residual, graph.floats(ones)], {
    axis: { int: -1 },
    epsilon: { float: epsilon },
  });
  const [shift, scale] = part(3 * depth, 2) as [Value, Value];
  // ε is multiplied by up to 2·10⁴ in the first steps of a chain, so the layer that makes it, a small one, is not rounded.
  const last = `${net}.final_layer.linear`;
  const out = linear(context, last, modulate(normed, shift, scale), [width, 2 * grid.channels], 'fp32');
  graph.output('out', out, 'float32', ['R', 2 * grid.channels]);
  return graph;
}

/**
 * Takes one diffusion step's modulation apart into pieces [R, W], each copied once.
 *
 * Seen as rows of width W, a step's piece k of row r is row (step·R + r)·K + k, where K pieces make up M. Gathering those
 * rows halves the copying of the obvious way (take the step, then split it), which shows with many rows.
 */
function modulationParts(
  graph: GraphBuilder,
  { head }: HeadSizes,
  modulation: Value,
  step: Value,
): (first: number, count: number) => Value[] {
  const pieces = 3 * head.depth + 2;
  const rows = graph.op('Reshape', [modulation, graph.int64(-1, head.width)]);
  // In int64 as far as it depends on extents alone: so WebGPU leaves it on the CPU, where `Range` wants its limits, and no
  // run has to wait for the GPU to send them.
  const stepRows = graph.op('Mul', [graph.extent(modulation, 1), graph.int64(pieces)]);
  const narrow = (value: Value): Value => graph.op('Cast', [value], { to: { int: ELEMENT_TYPES.int32 } });
  const scalar = (value: Value): Value => graph.op('Squeeze', [value]);
  const ofFirstStep = graph.op('Range', [
    scalar(graph.int64(0)),
    scalar(stepRows),
    scalar(graph.int64(pieces)),
  ]);
  const firstPieces = graph.op('Add', [narrow(ofFirstStep), graph.op('Mul', [step, narrow(stepRows)])]);
  const piece = (index: number): Value => {
    const indices = index === 0 ? firstPieces : graph.op('Add', [firstPieces, graph.int32([index])]);
    return graph.op('Gather', [rows, indices], { axis: { int: 0 } });
  };
  return (first, count) => Array.from({ length: count }, (_, index) => piece(first + index));
}
