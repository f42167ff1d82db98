import type { Checkpoint } from '../checkpoint/checkpoint.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import { gateLayers, modulateGraph } from '../graph/modulate-graph.js';
import { cachedConditionGraph } from './cached-transformer-graph.js';
import { cachedDenoiseGraph, denoiseGraph, outerBlocks, outerDenoiseGraph } from './denoise-graph.js';
import { embedGraph } from './embed-graph.js';
import type { MarConfig } from './mar-config.js';
import { marKeys } from './mar-keys.js';
import { projectGraph } from './project-graph.js';
import { conditionGraph } from './transformer-graph.js';

/** The graphs of a MAR model without its autoencoder. */
export interface MarGraphSet {
  readonly condition: GraphBuilder;
  readonly embed: GraphBuilder;
  readonly project: GraphBuilder;
  readonly modulate: GraphBuilder;
  readonly denoise: GraphBuilder;
}

/** Those that take from earlier steps. */
interface CachedGraphSet {
  readonly 'condition-cached': GraphBuilder;
  readonly 'modulate-cached': GraphBuilder;
  readonly 'denoise-outer': GraphBuilder;
  readonly 'denoise-cached': GraphBuilder;
}

/**
 * Builds the graphs of a MAR model; weights are read when the graphs are saved.
 *
 * @param cutBlock that of {@link cachedConditionGraph}, for the graphs with caches as well
 * @throws CheckpointKeysError if the checkpoint's tensors are not those that `config` asks for
 */
export function marGraphs(
  config: MarConfig,
  checkpoint: Checkpoint,
  cutBlock?: number,
): MarGraphSet & Partial<CachedGraphSet> {
  checkpoint.assertKeys(marKeys(config));
  return {
    condition: conditionGraph(config, checkpoint),
    embed: embedGraph(config, checkpoint),
    project: projectGraph(config, checkpoint),
    modulate: modulateGraph(config, checkpoint),
    denoise: denoiseGraph(config, checkpoint, cutBlock !== undefined),
    ...(cutBlock === undefined ? {} : cachedGraphs(config, checkpoint, cutBlock)),
  };
}

function cachedGraphs(config: MarConfig, checkpoint: Checkpoint, cutBlock: number): CachedGraphSet {
  const gates = gateLayers(outerBlocks(config));
  return {
    'condition-cached': cachedConditionGraph(config, checkpoint, cutBlock),
    'modulate-cached': modulateGraph(config, checkpoint, gates, 'modulate-cached'),
    'denoise-outer': outerDenoiseGraph(config, checkpoint),
    'denoise-cached': cachedDenoiseGraph(config, checkpoint),
  };
}
