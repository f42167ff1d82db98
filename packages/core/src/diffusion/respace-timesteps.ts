import { assertInteger, InvalidOptionError } from '../errors.js';

/**
 * The training timesteps that a shorter run keeps, ascending.
 *
 * - a count n, as a number or a string: from 0 to the last, evenly spread
 * - sections `"30,20"`: the training steps are cut into equal parts, and each keeps its own count
 * - `"ddim50"`: the smallest integer stride from 0 that keeps exactly that many
 * - `""`: all of them
 *
 * Within a section the stride is added up in float64 and each sum rounded half to even, as the reference does it: a
 * multiple of the stride, or `Math.round`, gives other timesteps for some counts (25 is one).
 *
 * @throws InvalidOptionError where the respacing can't be had or keeps fewer than two timesteps
 */
export function respaceTimesteps(respacing: number | string, trainSteps = 1000): number[] {
  assertInteger('trainSteps', trainSteps, 2);
  const text = respacing === '' ? `${trainSteps}` : `${respacing}`;
  const fail = (problem: string): never => {
    throw new InvalidOptionError('respacing', respacing, problem);
  };
  if (!/^(ddim\d+|\d+(,\d+)*)$/.test(text)) {
    fail('must be a step count, sections such as "30,20", a stride such as "ddim50", or "" for all steps');
  }
  if (/^\d+$/.test(text) && (Number(text) < 2 || Number(text) > trainSteps)) {
    fail(`must be a step count from 2 to ${trainSteps}`);
  }
  const kept = text.startsWith('ddim')
    ? strided(Number(text.slice(4)), trainSteps, fail)
    : sections(text.split(',').map(Number), trainSteps, fail);
  if (kept.length < 2) fail('must keep at least 2 timesteps');
  return kept;
}

function strided(count: number, trainSteps: number, fail: (problem: string) => never): number[] {
  for (let stride = 1; stride < trainSteps; stride++) {
    if (Math.ceil(trainSteps / stride) === count) return Array.from({ length: count }, (_, i) => i * stride);
  }
  return fail(`no integer stride keeps that many of ${trainSteps} timesteps`);
}

function sections(counts: readonly number[], trainSteps: number, fail: (problem: string) => never): number[] {
  const size = Math.floor(trainSteps / counts.length);
  const longer = trainSteps % counts.length;
  const kept = new Set<number>();
  let start = 0;
  for (const [i, count] of counts.entries()) {
    const length = i < longer ? size + 1 : size;
    if (count > length) fail(`must keep at most ${length} of the ${length} timesteps of section ${i + 1}`);
    const stride = count > 1 ? (length - 1) / (count - 1) : 1;
    let offset = 0;
    for (let k = 0; k < count; k++, offset += stride) kept.add(start + roundHalfToEven(offset));
    start += length;
  }
  return [...kept];
}

function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  const up = x - floor === 0.5 ? floor % 2 === 1 : x - floor > 0.5;
  return up ? floor + 1 : floor;
}
