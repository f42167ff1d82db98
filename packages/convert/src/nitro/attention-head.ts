import type { Checkpoint } from '../checkpoint/checkpoint.js';
import type { KeyShapes } from '../checkpoint/key-shapes.js';
import { attention } from '../graph/attention.js';
import { GraphBuilder, type Value } from '../graph/graph-builder.js';
import {
  finalLayer,
  type ModulationLayer,
  type ModulationPart,
  modulateGraph,
  modulationParts,
  modulationPieces,
} from '../graph/modulate-graph.js';
import { type LayerContext, matrix, rmsNorm, vector } from '../graph/transformer-block.js';
import type { HeadNetwork } from '../mar/chain-graph.js';
import { linear, timeEmbedding } from '../mar/embed-graph.js';
import { SINUSOID_WIDTH } from '../mar/mar-config.js';
import type { HeadGraphSet } from '../mar/mar-graphs.js';
import { projectedRows } from '../mar/project-graph.js';
import type { NitroConfig } from './nitro-config.js';
import { positionTable } from './position-table.js';

// The diffusion head of Nitro-AR's joint variant: blocks of attention over the positions of a picture, each with a gated MLP, under
// adaLN. Its rows are those of whole pictures, in the order of their positions.

/** The head of the tokens. */
export const HEAD = 'diffloss.net';

/** Pieces of a block's adaLN layer, in order. */
const PIECES = ['gate1', 'gate2', 'scale1', 'scale2', 'shift1', 'shift2'] as const;

/** The tensors of the head `net` with their shapes. */
export function attentionHeadKeys(keys: KeyShapes, config: NitroConfig, net: string): void {
  const { grid, decoder, head } = config;
  const { width, depth } = head;
  const { hidden } = head.attention!;
  const weight = (name: string): void => void keys.set(`${net}.${name}.weight`, [width]);
  keys.linear(`${net}.time_embed.mlp.0`, width, SINUSOID_WIDTH);
  keys.linear(`${net}.time_embed.mlp.2`, width, width);
  keys.linear(`${net}.cond_embed`, width, decoder.width);
  keys.linear(`${net}.input_proj`, width, grid.channels);
  weight('t_norm');
  weight('c_norm');
  for (let block = 0; block < depth; block++) {
    const name = `res_blocks.${block}`;
    weight(`${name}.norm1`);
    keys.set(`${net}.${name}.attn.qkv.weight`, [3 * width, width]);
    keys.linear(`${net}.${name}.attn.proj`, width, width);
    weight(`${name}.norm2`);
    keys.linear(`${net}.${name}.mlp.fc1_g`, hidden, width);
    keys.linear(`${net}.${name}.mlp.fc1_x`, hidden, width);
    keys.linear(`${net}.${name}.mlp.fc2`, width, hidden);
    keys.linear(`${net}.${name}.ada_lin.1`, PIECES.length * width, width);
  }
  weight('final_layer.norm_final');
  keys.linear(`${net}.final_layer.adaLN_modulation.1`, 2 * width, width);
  keys.linear(`${net}.final_layer.linear`, grid.channels, width);
}

/** The graphs of single steps: {@link HeadGraphSet} with R rows of whole pictures. */
export function attentionHeadGraphs(config: NitroConfig, checkpoint: Checkpoint): HeadGraphSet {
  const { grid, decoder, head } = config;
  const { width } = head;
  const [embed, project, denoise] = ['embed', 'project', 'denoise'].map((name) => new GraphBuilder(name)) as [
    GraphBuilder,
    GraphBuilder,
    GraphBuilder,
  ];
  const timesteps = embed.input('timesteps', 'float32', ['S']);
  const { timeEmbed, sinusoid } = attentionHead(embed, config, checkpoint).timeEmbed(timesteps);
  embed.output('time_embed', timeEmbed, 'float32', ['S', width]);
  embed.output('sinusoid', sinusoid, 'float32', ['S', SINUSOID_WIDTH]);

  const z = project.input('z', 'float32', ['B', 'T', decoder.width]);
  const rows = project.input('rows', 'int32', ['R']);
  const zEmbed = attentionHead(project, config, checkpoint).zEmbed(z, rows);
  project.output('z_embed', zEmbed, 'float32', ['R', width]);

  const network = attentionHead(denoise, config, checkpoint);
  const pieces = modulationPieces(network.layers);
  const x = denoise.input('x', 'float32', ['n', grid.channels]);
  const modulation = denoise.input('modulation', 'float32', ['S', 'R', pieces * width]);
  const step = denoise.input('step', 'int32', [1]);
  const part = modulationParts(denoise, width, pieces, modulation, step);
  const out = network.output(x, denoise.extent(modulation, 1), part);
  denoise.output('out', out, 'float32', ['R', grid.channels]);

  const modulate = modulateGraph(config, checkpoint, network.layers);
  return { embed, project, modulate, denoise };
}

/**
 * The head on a graph.
 *
 * @param net its name in the checkpoint; any but {@link HEAD} has pictures of one position, without a table of positions
 */
export function attentionHead(
  graph: GraphBuilder,
  config: NitroConfig,
  checkpoint: Checkpoint,
  net = HEAD,
): HeadNetwork {
  const context: LayerContext = { graph, checkpoint, epsilon: config.epsilon };
  const { width, depth } = config.head;
  const blocks = Array.from({ length: depth }, (_, block) => `${net}.res_blocks.${block}`);
  const layers: ModulationLayer[] = blocks.map((block) => ({
    key: `${block}.ada_lin.1`,
    first: 0,
    parts: PIECES.length,
    scales: [PIECES.indexOf('scale1'), PIECES.indexOf('scale2')],
  }));
  return {
    context,
    layers: [...layers, finalLayer(net)],
    timeEmbed(timesteps) {
      const { timeEmbed, sinusoid } = timeEmbedding(context, config, timesteps, net);
      return { timeEmbed: rmsNorm(context, `${net}.t_norm`, timeEmbed, width), sinusoid };
    },
    zEmbed: (z, rows) =>
      rmsNorm(context, `${net}.c_norm`, projectedRows(context, config, z, rows, net), width),
    output(x, rows, part) {
      let residual = inputRows(context, config, net, x, rows);
      for (const [index, block] of blocks.entries()) {
        const piece = (name: (typeof PIECES)[number]): Value =>
          part(PIECES.length * index + PIECES.indexOf(name));
        const update = (gate: Value, rows: Value): Value =>
          graph.op('Add', [residual, graph.op('Mul', [gate, rows])]);
        const normed = (norm: string, scale: Value, shift: Value): Value =>
          graph.op('Add', [
            graph.op('Mul', [rmsNorm(context, `${block}.${norm}`, residual, width), scale]),
            shift,
          ]);
        const attended = attentionRows(
          context,
          config,
          block,
          normed('norm1', piece('scale1'), piece('shift1')),
          net,
        );
        residual = update(piece('gate1'), attended);
        const gated = gatedMlp(
          context,
          config,
          `${block}.mlp`,
          normed('norm2', piece('scale2'), piece('shift2')),
        );
        residual = update(piece('gate2'), gated);
      }
      return outputRows(context, config, net, residual, part);
    },
  };
}

/** R copies of the rows x [n, C], [R, W], each at its position. */
function inputRows(context: LayerContext, config: NitroConfig, net: string, x: Value, rows: Value): Value {
  const { graph } = context;
  const { grid, head } = config;
  const projected = linear(context, `${net}.input_proj`, x, [grid.channels, head.width], 'fp16');
  const copies = graph.op('Div', [rows, graph.extent(x, 0)]);
  const repeats = graph.op('Concat', [copies, graph.int64(1)], { axis: { int: 0 } });
  const tiled = graph.op('Tile', [projected, repeats]);
  if (net !== HEAD) return tiled;
  const length = grid.height * grid.width;
  const table = graph.weight({
    name: 'head_position_table',
    shape: [length, head.width],
    atLeast: 'fp32',
    load: async () => positionTable(config, head.width),
  });
  const apart = graph.op('Reshape', [tiled, graph.int64(-1, length, head.width)]);
  return graph.op('Reshape', [graph.op('Add', [apart, table]), graph.int64(-1, head.width)]);
}

/** Attention among the positions of each picture, rows [R, W]. */
function attentionRows(
  context: LayerContext,
  { grid, head }: NitroConfig,
  block: string,
  rows: Value,
  net: string,
): Value {
  const { graph, checkpoint } = context;
  const { width } = head;
  const project = (name: 'q' | 'k' | 'v'): Value => {
    const first = 'qkv'.indexOf(name) * width;
    const weight = checkpoint.transposed(
      `${block}.attn.qkv.weight`,
      width,
      [first, first + width],
      `${block}.attn.${name}.weight`,
    );
    return graph.op('MatMul', [rows, graph.weight(weight)]);
  };
  const length = grid.height * grid.width;
  const apart = (name: 'q' | 'k' | 'v'): Value =>
    graph.op('Reshape', [project(name), graph.int64(-1, length, width)]);
  // A position that is alone attends to itself.
  const mixed =
    net === HEAD
      ? graph.op('Reshape', [
          attention(
            graph,
            { query: apart('q'), key: apart('k'), value: apart('v') },
            { width, heads: head.attention!.heads },
          ),
          graph.int64(-1, width),
        ])
      : project('v');
  return linear(context, `${block}.attn.proj`, mixed, [width, width]);
}

/** fc2(gelu(fc1_g x) · fc1_x x), the GELU with the error function. */
function gatedMlp(context: LayerContext, { head }: NitroConfig, mlp: string, rows: Value): Value {
  const { graph } = context;
  const { width } = head;
  const { hidden } = head.attention!;
  const gate = graph.op('BiasGelu', [
    graph.op('MatMul', [rows, matrix(context, `${mlp}.fc1_g.weight`, width, hidden)]),
    vector(context, `${mlp}.fc1_g.bias`, hidden),
  ]);
  const gated = graph.op('Mul', [gate, linear(context, `${mlp}.fc1_x`, rows, [width, hidden])]);
  return linear(context, `${mlp}.fc2`, gated, [hidden, width]);
}

function outputRows(
  context: LayerContext,
  { grid, head }: NitroConfig,
  net: string,
  residual: Value,
  part: ModulationPart,
): Value {
  const { graph } = context;
  const first = PIECES.length * head.depth;
  const normed = rmsNorm(context, `${net}.final_layer.norm_final`, residual, head.width);
  const modulated = graph.op('Add', [graph.op('Mul', [normed, part(first + 1)]), part(first)]);
  return linear(context, `${net}.final_layer.linear`, modulated, [head.width, grid.channels], 'fp32');
}
