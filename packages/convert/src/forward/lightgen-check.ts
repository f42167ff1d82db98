import type { LightgenConfig } from '../lightgen/lightgen-config.js';
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
import { forwardTextConditions } from './lightgen-forward.js';

/** Rows of the text that is compared: few, so that the pass stays cheap for the largest models. */
const TEXT_ROWS = 4;

/** z of a LightGen model at one position, for a text and for none. */
export async function checkLightgenConditions(
  config: LightgenConfig,
  { read, open }: ConditionSource,
): Promise<Deviation> {
  const { grid, text, cross, positions, encoder } = config;
  const { width } = encoder;
  const length = grid.height * grid.width;
  const known = length > 2 ? [0, length - 1] : [];
  const [other, wanted] = [Math.min(1, length - 1), length >> 1];
  const others = length - known.length - 1;
  const tokens = known.map((_, n) => numbers(grid.channels, n));
  const features = Array.from({ length: TEXT_ROWS }, (_, n) => numbers(text.width, 10 + n));
  const expected: number[] = [];
  for (const rows of [features.map((row) => Float64Array.from(row)), null]) {
    const z = await forwardTextConditions(read, config, {
      grid,
      text: rows,
      known: known.map((position, n) => ({ position, token: tokens[n]! })),
      masked: [...(others > 0 ? [{ position: other, count: others }] : []), { position: wanted }],
    });
    expected.push(...z.at(-1)!);
  }

  const isOwn = grid.height === positions.side && grid.width === positions.side;
  const scale = (side: number): number => (isOwn ? 1 : (side + positions.offset) / positions.side);
  const tables = await runOnce(await open('positions'), {
    scales: floats(Float32Array.of(scale(grid.width), scale(grid.height)), [2]),
  });
  const table = (part: string) => floats(tables[part]!, [length, width]);
  const { encoded } = await runOnce(await open('tokenEncoder'), {
    tokens: floats(joined(tokens), [1, known.length, grid.channels]),
    positions: integers(known, [1, known.length]),
    table: table('encoder'),
  });
  const { queries } = await runOnce(await open('tokenDecoder'), {
    encoded: floats(encoded!, [1, known.length, width]),
    positions: integers([...known, ...new Array<number>(others).fill(other), wanted], [1, length]),
    target_count: integers([1], [1]),
    decoder: table('decoder'),
    last: table('last'),
  });
  const { memory } = await runOnce(await open('text'), {
    features: floats(joined(features), [1, TEXT_ROWS, text.width]),
  });
  const { z } = await runOnce(await open('cross'), {
    queries: floats(queries!, [1, 1, width]),
    images: integers([0, 0], [2]),
    memory: floats(memory!, [1, 2 * cross.depth, TEXT_ROWS, width]),
    order: integers([0, 1], [2]),
  });
  return { error: relativeError(z!, Float64Array.from(expected)), graph: 'cross' };
}
