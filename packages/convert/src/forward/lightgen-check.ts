import type { LightgenConfig } from '../lightgen/lightgen-config.js';
import {
  type ConditionSource,
  type Deviation,
  floats,
  integers,
  relativeError,
  runOnce,
  someImage,
  someText,
} from './graph-values.js';
import { forwardTextConditions } from './lightgen-forward.js';

/** z of a LightGen model at one position, for a text and for none. */
export async function checkLightgenConditions(
  config: LightgenConfig,
  { read, open }: ConditionSource,
): Promise<Deviation> {
  const { grid, text, cross, positions, encoder } = config;
  const { width } = encoder;
  const image = someImage(grid);
  const features = someText(text.width);
  const expected: number[] = [];
  for (const rows of [features.rows, null]) {
    const z = await forwardTextConditions(read, config, {
      grid,
      text: rows,
      known: image.known,
      masked: image.masked,
    });
    expected.push(...z.at(-1)!);
  }

  const isOwn = grid.height === positions.side && grid.width === positions.side;
  const scale = (side: number): number => (isOwn ? 1 : (side + positions.offset) / positions.side);
  const tables = await runOnce(await open('positions'), {
    scales: floats(Float32Array.of(scale(grid.width), scale(grid.height)), [2]),
  });
  const table = (part: string) => floats(tables[part]!, [image.length, width]);
  const { encoded } = await runOnce(await open('tokenEncoder'), {
    tokens: image.tokens,
    positions: image.knownPositions,
    table: table('encoder'),
  });
  const { queries } = await runOnce(await open('tokenDecoder'), {
    encoded: floats(encoded!, [1, image.known.length, width]),
    positions: image.positions,
    target_count: integers([1], [1]),
    decoder: table('decoder'),
    last: table('last'),
  });
  const { memory } = await runOnce(await open('text'), {
    features: features.input,
  });
  const { z } = await runOnce(await open('cross'), {
    queries: floats(queries!, [1, 1, width]),
    images: integers([0, 0], [2]),
    memory: floats(memory!, [1, 2 * cross.depth, features.rows.length, width]),
    order: integers([0, 1], [2]),
  });
  return { error: relativeError(z!, Float64Array.from(expected)), graph: 'cross' };
}
