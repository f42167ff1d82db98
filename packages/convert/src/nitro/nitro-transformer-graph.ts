import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { GraphBuilder, type LazyWeight, type Value } from '../graph/graph-builder.js';
import {
  geluProjection,
  type LayerContext,
  layerNorm,
  projection,
  rmsNorm,
  vector,
} from '../graph/transformer-block.js';
import { type JointStreams, jointBlock, lastJointBlock } from './joint-block.js';
import type { NitroConfig } from './nitro-config.js';
import { positionTable } from './position-table.js';

/**
 * The transformer: `tokens` [B, L, C], 0 where `masked` [B, L, 1] is 1, and `embedded` [B, T, D], the text →
 * `z` [B, N, D] at `targets` [B, N], row b's position p being b·L + p.
 *
 * All L positions take part, masked ones as the mask token. In the middle blocks the image is two coarser grids, of 2×2 and of
 * 4×4 positions a row.
 */
export function nitroTransformerGraph(config: NitroConfig, checkpoint: Checkpoint): GraphBuilder {
  const { grid, decoder, split, epsilon } = config;
  const { width } = decoder;
  const length = grid.height * grid.width;
  const graph = new GraphBuilder('transformer');
  const context: LayerContext = { graph, checkpoint, epsilon };
  const tokens = graph.input('tokens', 'float32', ['B', length, grid.channels]);
  const masked = graph.input('masked', 'float32', ['B', length, 1]);
  const text = graph.input('embedded', 'float32', ['B', 'T', width]);
  const targets = graph.input('targets', 'int32', ['B', 'N']);
  const table = graph.weight({
    name: 'position_table',
    shape: [length, width],
    atLeast: 'fp32',
    load: async () => positionTable(config, width),
  });

  const maskTokens = graph.op('Mul', [masked, vector(context, 'mask_token', grid.channels)]);
  const filled = graph.op('Add', [tokens, maskTokens]);
  const projected = projection(context, 'x_proj', filled, grid.channels, width, 'fp16');
  const image = firstNorm(context, decoder, graph.op('Add', [projected, table]));
  graph.mark('z_proj_ln', image, ['B', length, width]);

  const blocks = (
    group: number,
    streams: JointStreams,
    rows: number,
    depth = split[group]!,
  ): JointStreams => {
    for (let index = 0; index < depth; index++) {
      streams = jointBlock(context, `block_groups.${group}.${index}`, decoder, streams, rows);
    }
    return streams;
  };
  const fine = blocks(0, { image, text }, length);
  const rows = [length / 4, length / 16] as const;
  const coarse = blocks(
    1,
    {
      image: graph.op(
        'Concat',
        [down(context, config, fine.image, 2), down(context, config, fine.image, 4)],
        {
          axis: { int: 1 },
        },
      ),
      text: fine.text,
    },
    rows[0] + rows[1],
  );
  const part = (from: number, to: number): Value =>
    graph.op('Slice', [coarse.image, graph.int64(from), graph.int64(to), graph.int64(1)]);
  const grids = [
    up(context, config, part(0, rows[0]), 2),
    up(context, config, part(rows[0], rows[0] + rows[1]), 4),
    fine.image,
  ];
  const joined = graph.op('Concat', grids, { axis: { int: 2 } });
  const inner = geluProjection(context, 'mergers.0.0', joined, 3 * width, width);
  const merged = graph.op('Add', [projection(context, 'mergers.0.2', inner, width, width), table]);
  graph.mark('mergers.0.2', merged, ['B', length, width]);

  const last = split[2] - 1;
  const streams = blocks(2, { image: merged, text: coarse.text }, length, last);
  const wanted = (all: Value): Value =>
    graph.op('Gather', [graph.op('Reshape', [all, graph.int64(-1, width)]), targets]);
  const z = lastJointBlock(context, `block_groups.2.${last}`, decoder, streams, wanted);
  graph.output('z', z, 'float32', ['B', 'N', width]);
  return graph;
}

/** The norm before the first block. */
export function firstNorm(
  context: LayerContext,
  { width, norm }: NitroConfig['decoder'],
  rows: Value,
): Value {
  return (norm === 'rms' ? rmsNorm : layerNorm)(context, 'z_proj_ln', rows, width);
}

/**
 * [B, L, D] → [B, L/r², D]: blocks of r×r positions are laid side by side and go through two linear layers. The blocks' values
 * keep the order (position, channel) of the rows, so the first layer's inputs, (channel, position), are turned.
 */
function down(context: LayerContext, { grid, decoder }: NitroConfig, rows: Value, factor: 2 | 4): Value {
  const { graph, checkpoint } = context;
  const { width } = decoder;
  const key = `downsamplers.0.${factor === 2 ? 0 : 1}.body`;
  const side = grid.width / factor;
  const cells = factor ** 2;
  const lines = graph.op('Reshape', [rows, graph.int64(-1, factor, side, factor * width)]);
  const gathered = graph.op('Reshape', [
    graph.op('Transpose', [lines], { perm: { ints: [0, 2, 1, 3] } }),
    graph.int64(-1, side * side, cells * width),
  ]);
  const weight: LazyWeight = {
    ...checkpoint.transposed(`${key}.1.weight`, cells * width, [0, width]),
    load: async () => {
      const values = await checkpoint.read(`${key}.1.weight`);
      const turned = new Float32Array(values.length);
      for (let output = 0, from = 0; output < width; output++) {
        for (let channel = 0; channel < width; channel++) {
          for (let cell = 0; cell < cells; cell++) {
            turned[(cell * width + channel) * width + output] = values[from++]!;
          }
        }
      }
      return turned;
    },
  };
  const inner = graph.op('FastGelu', [
    graph.op('MatMul', [gathered, graph.weight(weight)]),
    vector(context, `${key}.1.bias`, width),
  ]);
  const result = projection(context, `${key}.3`, inner, width, width);
  graph.mark(`downsamplers.${factor}`, result, ['B', side * side, width]);
  return result;
}

/**
 * [B, L/r², D] → [B, L, D]: a row's D channels are r×r positions of D/r² channels, which go through two linear layers. The
 * layers come before the positions are put into their places.
 */
function up(context: LayerContext, { grid, decoder }: NitroConfig, rows: Value, factor: 2 | 4): Value {
  const { graph } = context;
  const { width } = decoder;
  const key = `upsamplers.0.${factor === 2 ? 0 : 1}.body`;
  const side = grid.width / factor;
  const cells = factor ** 2;
  const channels = width / cells;
  const apart = graph.op('Transpose', [graph.op('Reshape', [rows, graph.int64(-1, channels, cells)])], {
    perm: { ints: [0, 2, 1] },
  });
  const inner = geluProjection(context, `${key}.1`, apart, channels, width);
  const outer = projection(context, `${key}.3`, inner, width, width);
  const lines = graph.op(
    'Transpose',
    [graph.op('Reshape', [outer, graph.int64(-1, side, factor, factor * width)])],
    {
      perm: { ints: [0, 2, 1, 3] },
    },
  );
  const result = graph.op('Reshape', [lines, graph.int64(-1, grid.height * grid.width, width)]);
  graph.mark(`upsamplers.${factor}`, result, ['B', grid.height * grid.width, width]);
  return result;
}
