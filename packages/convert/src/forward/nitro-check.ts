import type { NitroConfig } from '../nitro/nitro-config.js';
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
import { forwardNitro } from './nitro-forward.js';

/** z of a Nitro-AR model at all positions, with every third token known. */
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
  return { error: relativeError(z!, all), graph: 'transformer' };
}
