import type { Checkpoint } from '../checkpoint/checkpoint.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import { headGraphs } from '../mar/mar-graphs.js';
import { crossGraph } from './cross-graph.js';
import type { LightgenConfig } from './lightgen-config.js';
import { lightgenKeys } from './lightgen-keys.js';
import { positionsGraph } from './positions-graph.js';
import { textGraph } from './text-graph.js';
import { tokenDecoderGraph, tokenEncoderGraph } from './token-graphs.js';

/**
 * Builds the graphs of a LightGen model (arXiv 2503.08619); weights are read when the graphs are saved.
 *
 * @throws CheckpointKeysError if the checkpoint's tensors are not those that `config` asks for
 */
export function lightgenGraphs(
  config: LightgenConfig,
  checkpoint: Checkpoint,
): Readonly<Record<string, GraphBuilder>> {
  checkpoint.assertKeys(lightgenKeys(config));
  return {
    text: textGraph(config, checkpoint),
    positions: positionsGraph(config, checkpoint),
    tokenEncoder: tokenEncoderGraph(config, checkpoint),
    tokenDecoder: tokenDecoderGraph(config, checkpoint),
    cross: crossGraph(config, checkpoint),
    ...headGraphs(config, checkpoint),
  };
}
