import type { MarConfig } from '../mar/mar-config.js';
import {
  type ConditionSource,
  type Deviation,
  floats,
  integers,
  joined,
  numbers,
  relativeError,
  runOnce,
} from './graph-values.js';
import { forwardConditions } from './mar-forward.js';

/** z of a MAR model at one position. */
export async function checkMarConditions(
  config: MarConfig,
  { read, open }: ConditionSource,
): Promise<Deviation> {
  const { grid, classes } = config;
  const length = grid.height * grid.width;
  const known = length > 2 ? [0, length - 1] : [];
  const [other, wanted] = [Math.min(1, length - 1), length >> 1];
  const others = length - known.length - 1;
  const tokens = known.map((_, n) => numbers(grid.channels, n));
  const label = classes >> 1;
  const { z: expected } = await forwardConditions(read, config, {
    label,
    known: known.map((position, n) => ({ position, token: tokens[n]! })),
    masked: [...(others > 0 ? [{ position: other, count: others }] : []), { position: wanted }],
  });
  const positions = [...known, ...new Array<number>(others).fill(other), wanted];
  const { z } = await runOnce(await open('condition'), {
    tokens: floats(joined(tokens), [1, known.length, grid.channels]),
    positions: integers(positions, [1, length]),
    labels: integers([label], [1]),
    target_count: integers([1], [1]),
  });
  return { error: relativeError(z!, expected.at(-1)!), graph: 'condition' };
}
