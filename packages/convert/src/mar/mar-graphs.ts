import type { Checkpoint } from '../checkpoint/checkpoint.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import { gateLayers, modulateGraph } from '../graph/modulate-graph.js';
import { cachedTransformerGraph } from './cached-transformer-graph.js';
import { cachedDenoiseGraph, denoiseGraph, outerBlocks, outerDenoiseGraph } from './denoise-graph.js';
import { embedGraph } from './embed-graph.js';
import type { HeadSizes, MarConfig } from './mar-config.js';
import { marKeys } from './mar-keys.js';
import { projectGraph } from './project-graph.js';
import { transformerGraph } from './transformer-graph.js';

/** The graphs of the diffusion head. */
export interface HeadGraphSet {
  readonly embed: GraphBuilder;
  readonly project: GraphBuilder;
  readonly modulate: GraphBuilder;
  readonly denoise: GraphBuilder;
}

/** The graphs of a MAR model without its autoencoder. */
export interface MarGraphSet extends HeadGraphSet {
  readonly transformer: GraphBuilder;
}

/** Those that take from earlier steps. */
interface CachedGraphSet {
  readonly 'transformer-cached': GraphBuilder;
  readonly 'modulate-cached': GraphBuilder;
  readonly 'denoise-outer': GraphBuilder;
  readonly 'denoise-cached': GraphBuilder;
}

/**
 * Builds the graphs of a MAR model; weights are read when the graphs are saved.
 *
 * @param cutBlock that of {@link cachedTransformerGraph}, for the graphs with caches as well
 * @throws CheckpointKeysError if the checkpoint's tensors are not those that `config` asks for
 */
export function marGraphs(
  config: MarConfig,
  checkpoint: Checkpoint,
  cutBlock?: number,
): MarGraphSet & Partial<CachedGraphSet> {
  checkpoint.assertKeys(marKeys(config));
  const keeps = cutBlock !== undefined;
  return {
    transformer: transformerGraph(config, checkpoint),
    ...headGraphs(config, checkpoint, keeps),
    ...(keeps ? cachedGraphs(config, checkpoint, cutBlock) : {}),
  };
}

function cachedGraphs(config: MarConfig, checkpoint: Checkpoint, cutBlock: number): CachedGraphSet {
  return {
    'transformer-cached': cachedTransformerGraph(config, checkpoint, cutBlock),
    'modulate-cached': modulateGraph(config, checkpoint, gateLayers(outerBlocks(config)), 'modulate-cached'),
    'denoise-outer': outerDenoiseGraph(config, checkpoint),
    'denoise-cached': cachedDenoiseGraph(config, checkpoint),
  };
}

/**
 * Builds the graphs of a diffusion head, which has one form in all families.
 *
 * @param keeps whether graphs that take from earlier diffusion steps are to follow
 */
export function headGraphs(config: HeadSizes, checkpoint: Checkpoint, keeps = false): HeadGraphSet {
  return {
    embed: embedGraph(config, checkpoint),
    project: projectGraph(config, checkpoint),
    modulate: modulateGraph(config, checkpoint),
    denoise: denoiseGraph(config, checkpoint, keeps),
  };
}
