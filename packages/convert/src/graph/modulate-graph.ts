import { type Checkpoint, transpose } from '../checkpoint/checkpoint.js';
import { silu } from '../mar/embed-graph.js';
import type { HeadSizes } from '../mar/mar-config.js';
import { GraphBuilder, type LazyWeight, type Value } from './graph-builder.js';
import type { LayerContext } from './transformer-block.js';

/** Pieces [W] of an adaLN layer's output, in order: shift, scale, gate. */
interface ModulationLayer {
  readonly key: string;
  /** The first of its pieces that is taken, and how many are. */
  readonly first: number;
  readonly parts: number;
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
  layers = modulationLayers(config),
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
  }));
  return [...blocks, finalLayer];
}

/** The gates of some residual blocks, then [shift | 1 + scale] of the final layer. */
export function gateLayers(blocks: readonly number[]): ModulationLayer[] {
  const gates = blocks.map((block) => ({
    key: `${NET}.res_blocks.${block}.adaLN_modulation.1`,
    first: 2,
    parts: 1,
  }));
  return [...gates, finalLayer];
}

const finalLayer: ModulationLayer = { key: `${NET}.final_layer.adaLN_modulation.1`, first: 0, parts: 2 };

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
      for (const { key, first, parts } of layers) {
        const biases = await checkpoint.read(`${key}.bias`, [first * width, (first + parts) * width]);
        all.set(biases, at);
        // The scale is used as 1 + scale: adding the 1 here saves an addition on every diffusion step.
        if (first === 0) for (let i = at + width; i < at + 2 * width; i++) all[i]! += 1;
        at += parts * width;
      }
      return all;
    },
  };
}
