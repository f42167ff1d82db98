import type { MarConfig } from '../mar/mar-config.js';
import {
  type ConditionSource,
  type Deviation,
  integers,
  relativeError,
  runOnce,
  someImage,
} from './graph-values.js';
import { forwardConditions } from './mar-forward.js';

/** z of a MAR model at one position. */
export async function checkMarConditions(
  config: MarConfig,
  { read, open }: ConditionSource,
): Promise<Deviation> {
  const { grid, classes } = config;
  const image = someImage(grid);
  const label = classes >> 1;
  const { z: expected } = await forwardConditions(read, config, {
    label,
    known: image.known,
    masked: image.masked,
  });
  const { z } = await runOnce(await open('transformer'), {
    tokens: image.tokens,
    positions: image.positions,
    labels: integers([label], [1]),
    target_count: integers([1], [1]),
  });
  return { error: relativeError(z!, expected.at(-1)!), graph: 'transformer' };
}
