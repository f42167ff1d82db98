import type { Checkpoint } from '../checkpoint/checkpoint.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import { modulateGraph } from '../graph/modulate-graph.js';
import { cachedConditionGraph } from './cached-transformer-graph.js';
import { denoiseGraph } from './denoise-graph.js';
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
  readonly 'condition-cached'?: GraphBuilder;
}

/**
 * Builds the graphs of a MAR model; weights are read when the graphs are saved.
 *
 * @param cutBlock that of {@link cachedConditionGraph}, for the graphs with caches as well
 * @throws CheckpointKeysError if the checkpoint's tensors are not those that `config` asks for
 */
export function marGraphs(config: MarConfig, checkpoint: Checkpoint, cutBlock?: number): MarGraphSet {
  checkpoint.assertKeys(marKeys(config));
  return {
    condition: conditionGraph(config, checkpoint),
    embed: embedGraph(config, checkpoint),
    project: projectGraph(config, checkpoint),
    modulate: modulateGraph(config, checkpoint),
    denoise: denoiseGraph(config, checkpoint),
    ...(cutBlock === undefined
      ? {}
      : { 'condition-cached': cachedConditionGraph(config, checkpoint, cutBlock) }),
  };
}
