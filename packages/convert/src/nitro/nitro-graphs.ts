import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { GraphBuilder } from '../graph/graph-builder.js';
import { projection } from '../graph/transformer-block.js';
import { chainGraph } from '../mar/chain-graph.js';
import { marHead } from '../mar/denoise-graph.js';
import { headGraphs } from '../mar/mar-graphs.js';
import { attentionHead, attentionHeadGraphs } from './attention-head.js';
import { globalTokenGraph } from './global-token-graph.js';
import { jointBlock, lastJointBlock } from './joint-block.js';
import type { NitroConfig } from './nitro-config.js';
import { nitroKeys } from './nitro-keys.js';
import { nitroTransformerGraph } from './nitro-transformer-graph.js';

/** Euler steps of the published schedule. */
export const CHAIN_STEPS = 3;

/** Those of the joint variant, of its global token and of its tokens. */
export const JOINT_CHAIN_STEPS = 6;

/**
 * Builds the graphs of a Nitro-AR model; weights are read when the graphs are saved.
 *
 * @throws CheckpointKeysError if the checkpoint's tensors are not those that `config` asks for
 */
export function nitroGraphs(
  config: NitroConfig,
  checkpoint: Checkpoint,
): Readonly<Record<string, GraphBuilder>> {
  checkpoint.assertKeys(nitroKeys(config));
  return {
    text: textGraph(config, checkpoint),
    transformer: nitroTransformerGraph(config, checkpoint),
    ...(isJoint(config) ? jointHeadGraphs(config, checkpoint) : plainHeadGraphs(config, checkpoint)),
  };
}

/** Whether it is the variant that draws all tokens jointly. */
export const isJoint = ({ head }: Pick<NitroConfig, 'head'>): boolean => head.attention !== undefined;

function plainHeadGraphs(config: NitroConfig, checkpoint: Checkpoint) {
  const chain = chainGraph(config, CHAIN_STEPS, (graph) => marHead(graph, config, checkpoint));
  return { ...headGraphs(config, checkpoint), chain };
}

function jointHeadGraphs(config: NitroConfig, checkpoint: Checkpoint) {
  return {
    globalToken: globalTokenGraph(config, checkpoint, JOINT_CHAIN_STEPS),
    ...attentionHeadGraphs(config, checkpoint),
    chain: chainGraph(config, JOINT_CHAIN_STEPS, (graph) => attentionHead(graph, config, checkpoint)),
  };
}

/** All that depends on the prompt alone: `features` [B, T, Ct] → `embedded` [B, T, D]. */
function textGraph({ text, decoder, epsilon }: NitroConfig, checkpoint: Checkpoint): GraphBuilder {
  const graph = new GraphBuilder('text');
  const features = graph.input('features', 'float32', ['B', 'T', text.width]);
  const context = { graph, checkpoint, epsilon };
  const embedded = projection(context, 'context_embedder', features, text.width, decoder.width);
  graph.output('embedded', embedded, 'float32', ['B', 'T', decoder.width]);
  return graph;
}

/**
 * One block on its own, with all its marks as outputs: `image` [B, rows, D], `text` [B, T, D]. For comparing it with recorded
 * numbers; a model has none of it.
 */
export function nitroBlockGraph(
  { decoder, split, epsilon }: NitroConfig,
  checkpoint: Checkpoint,
  { group, index, rows }: { readonly group: number; readonly index: number; readonly rows: number },
): GraphBuilder {
  const graph = new GraphBuilder('block');
  const context = { graph, checkpoint, epsilon };
  const streams = {
    image: graph.input('image', 'float32', ['B', rows, decoder.width]),
    text: graph.input('text', 'float32', ['B', 'T', decoder.width]),
  };
  const block = `block_groups.${group}.${index}`;
  if (group === 2 && index + 1 === split[2]) lastJointBlock(context, block, decoder, streams, (all) => all);
  else jointBlock(context, block, decoder, streams, rows);
  return graph.expose();
}
