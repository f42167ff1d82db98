import { type Checkpoint, transpose } from '../checkpoint/checkpoint.js';
import { silu } from '../mar/embed-graph.js';
import type { HeadSizes } from '../mar/mar-config.js';
import { GraphBuilder, type LazyWeight, type Value } from './graph-builder.js';
import { ELEMENT_TYPES } from './onnx-writer.js';
import type { LayerContext } from './transformer-block.js';

/** Pieces [W] of an adaLN layer's output. MAR's are in order: shift, scale, gate. */
export interface ModulationLayer {
  readonly key: string;
  /** The first of its pieces that is taken, and how many are. */
  readonly first: number;
  readonly parts: number;
  /** Which of those that are taken are scales s, used as 1 + s. */
  readonly scales: readonly number[];
}

/** How many pieces [W] the layers have together. */
export const modulationPieces = (layers: readonly ModulationLayer[]): number =>
  layers.reduce((sum, { parts }) => sum + parts, 0);

/**
 * All adaLN layers at once: `time_embed` [S, W], `z_embed` [R, W] → `modulation` [S, R, M].
 *
 * Their input is SiLU(time + z), the same for each of them, so their weights stand side by side in one product.
 */
export function modulateGraph(
  config: HeadSizes,
  checkpoint: Checkpoint,
  layers: readonly ModulationLayer[] = modulationLayers(config),
  name = 'modulate',
): GraphBuilder {
  const { width } = config.head;
  const graph = new GraphBuilder(name);
  const timeEmbed = graph.input('time_embed', 'float32', ['S', width]);
  const zEmbed = graph.input('z_embed', 'float32', ['R', width]);
  const modulation = modulate({ graph, checkpoint }, config, layers, timeEmbed, zEmbed);
  graph.output('modulation', modulation, 'float32', ['S', 'R', modulationPieces(layers) * width]);
  return graph;
}

/** The layers' output [S, R, M] for time [S, W] and z [R, W]. */
export function modulate(
  { graph, checkpoint }: Pick<LayerContext, 'graph' | 'checkpoint'>,
  config: HeadSizes,
  layers: readonly ModulationLayer[],
  timeEmbed: Value,
  zEmbed: Value,
): Value {
  const sums = graph.op('Add', [graph.op('Unsqueeze', [timeEmbed, graph.int64(1)]), zEmbed]);
  const rows = graph.op('Reshape', [silu(graph, sums), graph.int64(-1, config.head.width)]);
  const product = graph.op('Gemm', [
    rows,
    graph.weight(modulationWeight(config, checkpoint, layers)),
    graph.weight(modulationBias(config, checkpoint, layers)),
  ]);
  const width = modulationPieces(layers) * config.head.width;
  const shape = graph.op(
    'Concat',
    [graph.extent(timeEmbed, 0), graph.extent(zEmbed, 0), graph.int64(width)],
    { axis: { int: 0 } },
  );
  return graph.op('Reshape', [product, shape]);
}

const NET = 'diffloss.net';

/** [shift | 1 + scale | gate] of each residual block, then [shift | 1 + scale] of the final layer. */
export function modulationLayers({ head }: HeadSizes): ModulationLayer[] {
  const blocks = Array.from({ length: head.depth }, (_, block) => ({
    key: `${NET}.res_blocks.${block}.adaLN_modulation.1`,
    first: 0,
    parts: 3,
    scales: [1],
  }));
  return [...blocks, finalLayer(NET)];
}

/** The gates of some residual blocks, then [shift | 1 + scale] of the final layer. */
export function gateLayers(blocks: readonly number[]): ModulationLayer[] {
  const gates = blocks.map((block) => ({
    key: `${NET}.res_blocks.${block}.adaLN_modulation.1`,
    first: 2,
    parts: 1,
    scales: [],
  }));
  return [...gates, finalLayer(NET)];
}

/** [shift | 1 + scale] of a head's final layer. */
export const finalLayer = (net: string): ModulationLayer => ({
  key: `${net}.final_layer.adaLN_modulation.1`,
  first: 0,
  parts: 2,
  scales: [1],
});

function modulationWeight(
  config: HeadSizes,
  checkpoint: Checkpoint,
  layers: readonly ModulationLayer[],
): LazyWeight {
  const { width } = config.head;
  const columns = modulationPieces(layers) * width;
  return {
    name: 'modulation.weight',
    shape: [width, columns],
    load: async () => {
      const all = new Float32Array(width * columns);
      let column = 0;
      for (const { key, first, parts } of layers) {
        const outputs = parts * width;
        const rows = [first * width, first * width + outputs] as const;
        const block = transpose(await checkpoint.read(`${key}.weight`, rows), outputs, width);
        for (let row = 0; row < width; row++) {
          all.set(block.subarray(row * outputs, (row + 1) * outputs), row * columns + column);
        }
        column += outputs;
      }
      return all;
    },
  };
}

function modulationBias(
  { head: { width } }: HeadSizes,
  checkpoint: Checkpoint,
  layers: readonly ModulationLayer[],
): LazyWeight {
  const size = modulationPieces(layers) * width;
  return {
    name: 'modulation.bias',
    shape: [size],
    load: async () => {
      const all = new Float32Array(size);
      let at = 0;
      for (const { key, first, parts, scales } of layers) {
        const biases = await checkpoint.read(`${key}.bias`, [first * width, (first + parts) * width]);
        all.set(biases, at);
        // The scale is used as 1 + scale: adding the 1 here saves an addition on every diffusion step.
        for (const scale of scales)
          for (let i = at + scale * width; i < at + (scale + 1) * width; i++) all[i]! += 1;
        at += parts * width;
      }
      return all;
    },
  };
}

/** The k-th piece [R, W] of a step's modulation. */
export type ModulationPart = (index: number) => Value;

/**
 * Takes one diffusion step's modulation apart into pieces [R, W], each copied once.
 *
 * Seen as rows of width W, a step's piece k of row r is row (step·R + r)·K + k, where K pieces make up M. Gathering those
 * rows halves the copying of the obvious way (take the step, then split it), which shows with many rows.
 */
export function modulationParts(
  graph: GraphBuilder,
  width: number,
  pieces: number,
  modulation: Value,
  step: Value,
): ModulationPart {
  const rows = graph.op('Reshape', [modulation, graph.int64(-1, width)]);
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
  return (index) => {
    const indices = index === 0 ? firstPieces : graph.op('Add', [firstPieces, graph.int32([index])]);
    return graph.op('Gather', [rows, indices], { axis: { int: 0 } });
  };
}
