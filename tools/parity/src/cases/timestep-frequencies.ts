import { type Check, compare } from '../compare.js';
import type { GoldenCase } from '../golden-case.js';
import type { JsonFields } from '../json-fields.js';
import { TOLERANCES } from '../tolerances.js';

const FREQUENCIES = 'freqs_f32';

/** Large ones tell neighbouring float32 frequencies apart, small ones show the low frequencies themselves. */
const TIMESTEPS = [0, 1, 2, 10, 100, 500, 999];

export function holdsFrequencies(file: JsonFields): boolean {
  return file.has(FREQUENCIES);
}

/** The head's frequencies, seen through its sinusoid [cos(t·f) | sin(t·f)], t·f in float32. */
export async function replayTimestepFrequencies({
  fields,
  json,
  mar,
}: GoldenCase): Promise<readonly Check[]> {
  const frequencies = (await json(fields.text('file'))).numbers(FREQUENCIES);
  const { graphs } = await mar();
  const { sinusoid } = await graphs.embed(Float32Array.from(TIMESTEPS));
  const size = 2 * frequencies.length;
  return TIMESTEPS.map((timestep, i) => {
    const angles = frequencies.map((frequency) => Math.fround(timestep * Math.fround(frequency)));
    const expected = [...angles.map(Math.cos), ...angles.map(Math.sin)];
    return compare(
      `sinusoid of t = ${timestep}`,
      sinusoid.subarray(i * size, (i + 1) * size),
      expected,
      TOLERANCES.sinusoid,
    );
  });
}
