import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { GraphBuilder } from '../graph/graph-builder.js';
import { ELEMENT_TYPES } from '../graph/onnx-writer.js';
import { type LayerContext, projection, vector } from '../graph/transformer-block.js';
import { chainInputs, chainTokens } from '../mar/chain-graph.js';
import { silu } from '../mar/embed-graph.js';
import { attentionHead } from './attention-head.js';
import { type JointStreams, jointBlock } from './joint-block.js';
import type { NitroConfig } from './nitro-config.js';
import { firstNorm } from './nitro-transformer-graph.js';

/** The head of the global token. */
export const GLOBAL_HEAD = 'diffloss_global.net';

/**
 * The token of the whole picture: `embedded` [R, T, D], the text, with the conditional rows before the unconditional ones, and a
 * chain's inputs as `chainGraph` has them → `tokens` [n, C].
 *
 * The first group of blocks sees one row, the mask token, without a position; two linear layers make z of it, and a head of its
 * own draws the token.
 */
export function globalTokenGraph(config: NitroConfig, checkpoint: Checkpoint, steps: number): GraphBuilder {
  const { grid, decoder, split, epsilon } = config;
  const { width } = decoder;
  const graph = new GraphBuilder('globalToken');
  const context: LayerContext = { graph, checkpoint, epsilon };
  const head = attentionHead(graph, config, checkpoint, GLOBAL_HEAD);
  const text = graph.input('embedded', 'float32', ['R', 'T', width]);
  const inputs = chainInputs(graph, config, steps);
  const rowCount = graph.extent(text, 0);
  const maskToken = graph.op('Reshape', [
    vector(context, 'mask_token', grid.channels),
    graph.int64(1, 1, grid.channels),
  ]);
  const projected = projection(context, 'x_proj', maskToken, grid.channels, width, 'fp16');
  const repeats = graph.op('Concat', [rowCount, graph.int64(1, 1)], { axis: { int: 0 } });
  const image = graph.op('Tile', [firstNorm(context, decoder, projected), repeats]);
  let streams: JointStreams = { image, text };
  for (let index = 0; index < split[0]; index++)
    streams = jointBlock(context, `block_groups.0.${index}`, decoder, streams, 1);
  const inner = silu(graph, projection(context, 'global_z_proj.0', streams.image, width, width));
  const z = projection(context, 'global_z_proj.2', inner, width, width);
  const rows = graph.op(
    'Cast',
    [
      graph.op('Range', [
        graph.op('Squeeze', [graph.int64(0)]),
        graph.op('Squeeze', [rowCount]),
        graph.op('Squeeze', [graph.int64(1)]),
      ]),
    ],
    { to: { int: ELEMENT_TYPES.int32 } },
  );
  const tokens = chainTokens(config, head, inputs, head.zEmbed(z, rows), steps);
  graph.output('tokens', tokens, 'float32', ['n', grid.channels]);
  return graph;
}
