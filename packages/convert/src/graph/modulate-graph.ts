import { type Checkpoint, transpose } from '../checkpoint/checkpoint.js';
import { silu } from '../mar/embed-graph.js';
import type { HeadSizes } from '../mar/mar-config.js';
import { GraphBuilder, type LazyWeight } from './graph-builder.js';

/** M: [shift | 1 + scale | gate] of each residual block, then [shift | 1 + scale] of the final layer. */
export function modulationWidth({ head }: HeadSizes): number {
  return (3 * head.depth + 2) * head.width;
}

/**
 * All adaLN layers at once: `time_embed` [S, W], `z_embed` [R, W] → `modulation` [S, R, M].
 *
 * Their input is SiLU(time + z), the same for each of them, so their weights stand side by side in one product.
 */
export function modulateGraph(config: HeadSizes, checkpoint: Checkpoint): GraphBuilder {
  const { width } = config.head;
  const modulation = modulationWidth(config);
  const graph = new GraphBuilder('modulate');
  const timeEmbed = graph.input('time_embed', 'float32', ['S', width]);
  const zEmbed = graph.input('z_embed', 'float32', ['R', width]);

  const sums = graph.op('Add', [graph.op('Unsqueeze', [timeEmbed, graph.int64(1)]), zEmbed]);
  const rows = graph.op('Reshape', [silu(graph, sums), graph.int64(-1, width)]);
  const product = graph.op('Gemm', [
    rows,
    graph.weight(modulationWeight(config, checkpoint)),
    graph.weight(modulationBias(config, checkpoint)),
  ]);
  const shape = graph.op(
    'Concat',
    [graph.extent(timeEmbed, 0), graph.extent(zEmbed, 0), graph.int64(modulation)],
    { axis: { int: 0 } },
  );
  graph.output('modulation', graph.op('Reshape', [product, shape]), 'float32', ['S', 'R', modulation]);
  return graph;
}

/** The adaLN layers in order of use, with how many outputs of width W each has. */
function layers({ head }: HeadSizes): { readonly key: string; readonly parts: number }[] {
  const net = 'diffloss.net';
  const blocks = Array.from({ length: head.depth }, (_, block) => ({
    key: `${net}.res_blocks.${block}.adaLN_modulation.1`,
    parts: 3,
  }));
  return [...blocks, { key: `${net}.final_layer.adaLN_modulation.1`, parts: 2 }];
}

function modulationWeight(config: HeadSizes, checkpoint: Checkpoint): LazyWeight {
  const { width } = config.head;
  const columns = modulationWidth(config);
  return {
    name: 'modulation.weight',
    shape: [width, columns],
    load: async () => {
      const all = new Float32Array(width * columns);
      let first = 0;
      for (const { key, parts } of layers(config)) {
        const outputs = parts * width;
        const block = transpose(await checkpoint.read(`${key}.weight`), outputs, width);
        for (let row = 0; row < width; row++) {
          all.set(block.subarray(row * outputs, (row + 1) * outputs), row * columns + first);
        }
        first += outputs;
      }
      return all;
    },
  };
}

function modulationBias(config: HeadSizes, checkpoint: Checkpoint): LazyWeight {
  const { width } = config.head;
  return {
    name: 'modulation.bias',
    shape: [modulationWidth(config)],
    load: async () => {
      const all = new Float32Array(modulationWidth(config));
      let first = 0;
      for (const { key, parts } of layers(config)) {
        all.set(await checkpoint.read(`${key}.bias`), first);
        // The scale is used as 1 + scale: adding the 1 here saves an addition on every diffusion step.
        for (let i = first + width; i < first + 2 * width; i++) all[i]! += 1;
        first += parts * width;
      }
      return all;
    },
  };
}
