import { assertInteger, InvalidOptionError } from './errors.js';

/**
 * How many tokens each step decodes.
 *
 * @param total the tokens that are masked before the first step: L, or fewer where some are given (editing)
 * @param steps K; the result has K entries ≥ 1, whose sum is `total`
 * @throws InvalidOptionError where a step would be left with nothing to decode
 */
export type MaskSchedule = (total: number, steps: number) => readonly number[];

/** The fraction of tokens still masked at progress r ∈ (0, 1]; 1 at r = 0, falling to 0 at r = 1. */
export type MaskFraction = (progress: number) => number;

/** cos(πr/2) (MaskGIT, MAR). */
export const cosineMask: MaskFraction = (progress) => Math.cos((Math.PI / 2) * progress);

/** 1 − r. */
export const linearMask: MaskFraction = (progress) => 1 - progress;

/** 1 − r². */
export const squareMask: MaskFraction = (progress) => 1 - progress * progress;

/** 1 − √r. */
export const rootMask: MaskFraction = (progress) => 1 - Math.sqrt(progress);

/** (2/π)·arccos r. */
export const arccosMask: MaskFraction = (progress) => (Math.acos(progress) * 2) / Math.PI;

/**
 * Token counts from a mask fraction f: after step k (from 0) `max(K − 1 − k, min(before − 1, ⌊total·f((k+1)/K)⌋))`
 * tokens stay masked. So each step decodes at least one token, however flat or steep f is. MaskGIT and MAR have 1 in
 * place of K − 1 − k, which is the same for the cosine; a fraction that falls faster would run dry.
 */
export function maskScheduleOf(fraction: MaskFraction): MaskSchedule {
  return (total, steps) => countsOf(total, steps, (done) => fraction(done / steps));
}

/**
 * MAR's counts: the cosine mask fraction, in the reference's order of operations, so that no rounding differs.
 * 16 steps of 256 tokens: 2, 3, 7, 8, 11, 13, 15, 16, 19, 20, 22, 23, 23, 25, 24, 25.
 *
 * @example
 * const policy = halton({ steps: 32, maskSchedule: cosineMaskSchedule });
 */
export const cosineMaskSchedule: MaskSchedule = (total, steps) =>
  countsOf(total, steps, (done) => Math.cos(((Math.PI / 2) * done) / steps));

/** Halton-MaskGIT's counts: after step k (from 0) `max(k+1, ⌊total·(1 − arccos((k+1)/K)·2/π)⌋)` tokens are decoded. */
export const haltonMaskSchedule: MaskSchedule = (total, steps) => {
  assertEnough(total, steps);
  return differences(steps, (done) => Math.max(done, Math.floor(total * (1 - arccosMask(done / steps)))));
};

/**
 * As even as integers allow: the counts differ by one at most, the larger ones spread over the run.
 *
 * @example
 * evenMaskSchedule(256, 4); // 64, 64, 64, 64
 */
export const evenMaskSchedule: MaskSchedule = (total, steps) => {
  assertEnough(total, steps);
  return differences(steps, (done) => Math.floor((done * total) / steps));
};

function countsOf(total: number, steps: number, maskedFraction: (done: number) => number): number[] {
  assertEnough(total, steps);
  let masked = total;
  return Array.from({ length: steps }, (_, k) => {
    const before = masked;
    const wanted = Math.floor(total * maskedFraction(k + 1));
    masked = k === steps - 1 ? 0 : Math.max(steps - 1 - k, Math.min(before - 1, wanted));
    return before - masked;
  });
}

/** Counts from what is decoded in all after 1 … `steps` steps. */
function differences(steps: number, decodedAfter: (done: number) => number): number[] {
  return Array.from({ length: steps }, (_, k) => decodedAfter(k + 1) - (k === 0 ? 0 : decodedAfter(k)));
}

/** Throws InvalidOptionError unless there is a token for each of one or more steps. */
export function assertEnough(tokens: number, steps: number): void {
  assertInteger('steps', steps, 1);
  if (steps > tokens) {
    throw new InvalidOptionError(
      'steps',
      steps,
      `each step decodes a token or more, so use at most ${tokens}`,
    );
  }
}
