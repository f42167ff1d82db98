import { HEAD } from '../nitro/attention-head.js';
import { GLOBAL_HEAD } from '../nitro/global-token-graph.js';
import type { NitroConfig } from '../nitro/nitro-config.js';
import { isJoint, JOINT_CHAIN_STEPS } from '../nitro/nitro-graphs.js';
import { forwardAttentionHead } from './attention-head-forward.js';
import type { HeadForward } from './forward-check.js';
import {
  type ConditionSource,
  type Deviation,
  floats,
  integers,
  joined,
  numbers,
  relativeError,
  runOnce,
  someText,
} from './graph-values.js';
import { forwardGlobal, forwardNitro } from './nitro-forward.js';

/** z of a Nitro-AR model at all positions, with every third token known, and the token of the whole picture, where it draws one. */
export async function checkNitroConditions(
  config: NitroConfig,
  { read, open }: ConditionSource,
): Promise<Deviation> {
  const { grid, text, decoder } = config;
  const length = grid.height * grid.width;
  const positions = Array.from({ length }, (_, position) => position);
  const tokens = positions.map((n) => (n % 3 === 0 ? numbers(grid.channels, n % 7) : null));
  const features = someText(text.width);
  const expected = await forwardNitro(read, config, { tokens, text: features.rows });
  const { embedded } = await runOnce(await open('text'), {
    features: features.input,
  });
  const { z } = await runOnce(await open('transformer'), {
    tokens: floats(joined(tokens.map((token) => token ?? new Float32Array(grid.channels))), [
      1,
      length,
      grid.channels,
    ]),
    masked: floats(
      Float32Array.from(tokens, (token) => (token ? 0 : 1)),
      [1, length, 1],
    ),
    embedded: floats(embedded!, [1, features.rows.length, decoder.width]),
    targets: integers(positions, [1, length]),
  });
  const all = Float64Array.from(expected.flatMap((row) => [...row]));
  const ofTokens = { error: relativeError(z!, all), graph: 'transformer' };
  if (!isJoint(config)) return ofTokens;
  const ofPicture = await checkGlobalToken(config, { read, open }, features.rows, embedded!);
  return ofPicture.error > ofTokens.error ? ofPicture : ofTokens;
}

/** An unguided chain of Euler steps of equal length. */
async function checkGlobalToken(
  config: NitroConfig,
  { read, open }: ConditionSource,
  text: readonly Float64Array[],
  embedded: Float32Array,
): Promise<Deviation> {
  const { grid, decoder } = config;
  const steps = JOINT_CHAIN_STEPS;
  const initial = numbers(grid.channels, 5);
  const timesteps = Float32Array.from({ length: steps }, (_, step) => 1000 * (1 - step / steps));
  const factors = Float32Array.from({ length: 2 * steps }, (_, i) => (i % 2 === 0 ? 1 : -1 / steps));
  const z = await forwardGlobal(read, config, text);
  let x = Float64Array.from(initial);
  for (const timestep of timesteps) {
    const [velocity] = await forwardAttentionHead(read, config, GLOBAL_HEAD, [x], timestep, [z]);
    x = x.map((value, i) => value - velocity![i]! / steps);
  }
  const { tokens } = await runOnce(await open('globalToken'), {
    embedded: floats(embedded, [1, text.length, decoder.width]),
    x: floats(initial, [1, grid.channels]),
    timesteps: floats(timesteps, [steps]),
    factors: floats(factors, [steps, 2]),
    scales: floats(new Float32Array(steps).fill(1), [steps, 1, 1]),
  });
  return { error: relativeError(tokens!, x), graph: 'globalToken' };
}

/** The head of the joint variant. */
export function jointHeadForward(config: NitroConfig): HeadForward {
  return {
    rows: config.grid.height * config.grid.width,
    forward: (read, x, t, z) => forwardAttentionHead(read, config, HEAD, x, t, z),
  };
}
