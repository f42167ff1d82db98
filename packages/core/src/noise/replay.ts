import { assertShape, TesseraError } from '../errors.js';
import type { NoiseSource } from './source.js';

/**
 * Recorded noise in place of drawn noise, to repeat a run of another implementation.
 *
 * @param read the recorded normals of a token [C]: step 0 is the initial x, s the s-th diffusion step. Either fills `out`
 *   and returns it, or returns an array of its own, which is copied.
 * @throws ShapeMismatchError where a recorded row has another length than asked for
 * @throws TesseraError `no-stream` from `uniform` and `normal`, which no recording can answer
 */
export function replayNoise(
  read: (position: number, step: number, out: Float32Array) => Float32Array,
): NoiseSource {
  const source: NoiseSource = {
    fork: () => source,
    uniform: noStream,
    normal: noStream,
    tokenNormal(position, step, out) {
      const row = read(position, step, out);
      assertShape(`recorded noise of position ${position}, step ${step} [C]`, row, [out.length]);
      if (row !== out) out.set(row);
      return out;
    },
  };
  return source;
}

function noStream(): never {
  throw new TesseraError(
    'no-stream',
    'Recorded noise has no stream. Use a policy that draws nothing, such as one with recorded orders.',
  );
}
