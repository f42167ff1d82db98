import type { Checkpoint } from '../checkpoint/checkpoint.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import { modulateGraph } from '../graph/modulate-graph.js';
import { denoiseGraph } from './denoise-graph.js';
import { embedGraph } from './embed-graph.js';
import type { HeadSizes, MarConfig } from './mar-config.js';
import { marKeys } from './mar-keys.js';
import { projectGraph } from './project-graph.js';
import { conditionGraph } from './transformer-graph.js';

/** The graphs of the diffusion head. */
export interface HeadGraphSet {
  readonly embed: GraphBuilder;
  readonly project: GraphBuilder;
  readonly modulate: GraphBuilder;
  readonly denoise: GraphBuilder;
}

/** The graphs of a MAR model without its autoencoder. */
export interface MarGraphSet extends HeadGraphSet {
  readonly condition: GraphBuilder;
}

/**
 * Builds the graphs of a MAR model; weights are read when the graphs are saved.
 *
 * @throws CheckpointKeysError if the checkpoint's tensors are not those that `config` asks for
 */
export function marGraphs(config: MarConfig, checkpoint: Checkpoint): MarGraphSet {
  checkpoint.assertKeys(marKeys(config));
  return { condition: conditionGraph(config, checkpoint), ...headGraphs(config, checkpoint) };
}

/** Builds the graphs of a diffusion head, which has one form in all families. */
export function headGraphs(config: HeadSizes, checkpoint: Checkpoint): HeadGraphSet {
  return {
    embed: embedGraph(config, checkpoint),
    project: projectGraph(config, checkpoint),
    modulate: modulateGraph(config, checkpoint),
    denoise: denoiseGraph(config, checkpoint),
  };
}
