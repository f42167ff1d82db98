import { InvalidOptionError, type NoiseSource, type Refinement, type StepPlan, shuffle } from '@tessera/core';
import { assertInteger, assertNumber, assertShape, MAX_DIFFUSION_STEPS } from '@tessera/core/model';
import { importance } from './importance.js';
import { type MagnitudeSpectrum, magnitudeSpectrum } from './magnitude-spectrum.js';

/**
 * Which of a step's tokens get the detail steps: those of `high`est importance (the method), or, for ablations, those
 * of `low`est importance, a uniformly `random` choice of as many, or `all` of them.
 */
export type TokenChoice = 'high' | 'low' | 'random' | 'all';

/**
 * What a token is scored by: `frequency`, the {@link importance} of its conditions (the method); or `disagreement`, how far its
 * conditional and unconditional conditions lie apart, |z_c − z_u| / |z_c|: where the class decides, two evaluations differ.
 */
export type TokenScore = 'frequency' | 'disagreement';

export interface FrequencyWeightedOptions {
  /**
   * β: the fraction of a step's tokens that are chosen, 0 … 1. Of n tokens `max(1, round(β·n))` are, halves rounded
   * up; none where β is 0. @default 0.1
   */
  readonly ratio?: number;
  /**
   * T_detail: the diffusion steps of the chosen tokens, whatever the policy planned for them; to spend more on them, more
   * than that. @default 50
   */
  readonly detailDiffusionSteps?: number;
  /** @default 'high' */
  readonly choose?: TokenChoice;
  /** A step without guidance has nothing to disagree, and keeps the policy's diffusion steps. @default 'frequency' */
  readonly score?: TokenScore;
}

/**
 * Frequency-weighted token selection (FTS; GtR, arXiv 2510.17171): the top β of a step's tokens by the
 * {@link importance} of their conditions z get T_detail diffusion steps. Where two are equally important, the lower
 * position comes first. Uses the conditional z. `random` and `all` don't read z.
 *
 * @throws InvalidOptionError where an option is out of range
 * @example
 * const policy = refine(halton(), frequencyWeighted({ ratio: 0.2, detailDiffusionSteps: 100 }));
 */
export function frequencyWeighted(options: FrequencyWeightedOptions = {}): Refinement {
  const { ratio = 0.1, detailDiffusionSteps = 50, choose = 'high', score: by = 'frequency' } = options;
  assertNumber('ratio', ratio, 0, 1);
  assertInteger('detailDiffusionSteps', detailDiffusionSteps, 1, MAX_DIFFUSION_STEPS);
  if (!['high', 'low', 'random', 'all'].includes(choose)) {
    throw new InvalidOptionError('choose', choose, 'must be high, low, random or all');
  }
  if (!['frequency', 'disagreement'].includes(by)) {
    throw new InvalidOptionError('score', by, 'must be frequency or disagreement');
  }
  const score = tokenScores();

  return async (plan, { step, conditions, noise }) => {
    const { positions } = plan;
    const count = choose === 'all' ? positions.length : chosenCount(ratio, positions.length);
    if (count === 0) return plan;
    if (count === positions.length) return withSteps(plan, positions.keys(), detailDiffusionSteps);
    if (choose === 'random')
      return withSteps(plan, randomRows(positions, step, noise).slice(0, count), detailDiffusionSteps);

    assertShape('conditions, rows [n]', { length: conditions.count }, [positions.length]);
    if (by === 'disagreement' && !conditions.guided) return plan;
    const z = await conditions.read();
    const scores =
      by === 'disagreement'
        ? disagreements(z, await conditions.readUnconditional(), conditions.width)
        : score(z, conditions.count, conditions.width);
    const sign = choose === 'high' ? -1 : 1;
    const rows = [...positions.keys()].sort(
      (a, b) => sign * (scores[a]! - scores[b]!) || positions[a]! - positions[b]!,
    );
    return withSteps(plan, rows.slice(0, count), detailDiffusionSteps);
  };
}

function chosenCount(ratio: number, tokens: number): number {
  return ratio === 0 ? 0 : Math.max(1, Math.round(ratio * tokens));
}

function withSteps(plan: StepPlan, rows: Iterable<number>, steps: number): StepPlan {
  const diffusionSteps = plan.diffusionSteps.slice();
  for (const row of rows) diffusionSteps[row] = steps;
  return { ...plan, diffusionSteps };
}

/** The rows in a random order that the step's index and the image's noise decide, whatever order they come in. */
function randomRows(positions: Uint32Array, index: number, noise: NoiseSource): readonly number[] {
  const ascending = [...positions.keys()].sort((a, b) => positions[a]! - positions[b]!);
  return Array.from(shuffle(ascending, noise.fork('frequency-weighted', index)));
}

/** |z_c − z_u| / |z_c| of each row. */
function disagreements(z: Float32Array, unconditional: Float32Array, width: number): Float64Array {
  assertShape('unconditional conditions [n, D]', unconditional, [z.length / width, width]);
  return Float64Array.from({ length: z.length / width }, (_, row) => {
    let apart = 0;
    let length = 0;
    for (let i = row * width; i < (row + 1) * width; i++) {
      apart += (z[i]! - unconditional[i]!) ** 2;
      length += z[i]! ** 2;
    }
    return Math.sqrt(apart / (length || 1));
  });
}

/** Scores rows of z; the transform is kept for as long as the width stays the same. */
function tokenScores(): (z: Float32Array, count: number, width: number) => Float64Array {
  let spectrum: MagnitudeSpectrum | undefined;
  let magnitudes = new Float64Array();
  let preparedWidth = 0;
  return (z, count, width) => {
    assertShape('conditions [n, D]', z, [count, width]);
    if (!spectrum || width !== preparedWidth) {
      spectrum = magnitudeSpectrum(width);
      magnitudes = new Float64Array(Math.floor(width / 2) + 1);
      preparedWidth = width;
    }
    const scores = new Float64Array(count);
    for (let row = 0; row < count; row++) {
      scores[row] = importance(spectrum(z.subarray(row * width, (row + 1) * width), magnitudes));
    }
    return scores;
  };
}
