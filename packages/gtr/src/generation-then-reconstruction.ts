import {
  evenMaskSchedule,
  InvalidOptionError,
  type PolicyContext,
  plannedPolicy,
  type SamplingPolicy,
  type StepPlan,
  shuffle,
  stepPlan,
} from '@tessera/core';
import { assertInteger, assertNumber, MAX_DIFFUSION_STEPS } from '@tessera/core/model';
import { type CheckerboardColour, MAX_STAGES } from './bisection.js';
import { assertStageOrder, type StageOrder, stageOrder } from './stage-order.js';
import { type SubsetChoice, subsetsNamed } from './subset-choice.js';

/** Symbols are the paper's (arXiv 2510.17171). */
export interface GenerationThenReconstructionOptions {
  /**
   * K: the number of subsets the grid is bisected into, 1 … {@link MAX_STAGES}. @default the length of `stepsPerStage` or `rates`,
   * else 3
   */
  readonly stages?: number;
  /** Steps of each subset, K numbers. @default [24, 6, 2] for K = 3, the paper's rates of MAR */
  readonly stepsPerStage?: readonly number[];
  /**
   * r_k: the mean number of tokens per step of each subset, K numbers, instead of `stepsPerStage`; a subset of n tokens gets
   * round(n / r_k) steps, one at least.
   */
  readonly rates?: readonly number[];
  /**
   * The paper's anti-diagonal subsets, the more isotropic quincunx, or, for ablations, random ones of the same sizes.
   * @default 'diagonal'
   */
  readonly subsets?: SubsetChoice;
  /** The colour of the checkerboard, (i + j) mod 2, that is generated; the other is reconstructed. @default 0 */
  readonly firstColour?: CheckerboardColour;
  /** In which order each subset's tokens are decoded; anything but the paper's `random` is for ablations. @default 'random' */
  readonly order?: StageOrder;
  /** T_max: diffusion steps at the first generation step. @default 50 */
  readonly maxDiffusionSteps?: number;
  /** T_min: diffusion steps at the last generation step; between, linear and rounded, halves up. @default 20 */
  readonly minDiffusionSteps?: number;
  /** T_rec: diffusion steps in the reconstruction stage. @default 20 */
  readonly reconstructionDiffusionSteps?: number;
}

/** A segment of equal rate: the tokens of a subset, in their order, and how many each step decodes. */
interface StageSteps {
  readonly stage: 'generation' | 'reconstruction';
  readonly positions: Uint32Array;
  readonly counts: readonly number[];
}

/**
 * GtR (arXiv 2510.17171): first one colour of the checkerboard, slowly and subset by subset (stage `generation`), then
 * the other, whose tokens are surrounded by known ones, in a few highly parallel steps (stage `reconstruction`).
 *
 * Within a subset the order is uniformly random, unless `order` says otherwise, and the tokens are spread over the steps as evenly as integers allow.
 * K = 1 has the stage `generation` alone. Where tokens are given from the start (editing), subsets shrink to what is
 * masked and their steps in proportion, rounded, one at least: the rates stay. A subset smaller than its number of
 * steps is decoded a token a step, an empty one is left out.
 *
 * @throws InvalidOptionError where an option is out of range, or `stepsPerStage` or `rates` don't have K numbers
 * @example
 * const policy = generationThenReconstruction({ stepsPerStage: [24, 6, 2] });
 */
export function generationThenReconstruction(
  options: GenerationThenReconstructionOptions = {},
): SamplingPolicy {
  const {
    subsets = 'diagonal',
    firstColour = 0,
    order = 'random',
    maxDiffusionSteps = 50,
    minDiffusionSteps = 20,
    reconstructionDiffusionSteps = 20,
  } = options;
  assertInteger('firstColour', firstColour, 0, 1);
  assertInteger('maxDiffusionSteps', maxDiffusionSteps, 1, MAX_DIFFUSION_STEPS);
  assertInteger('minDiffusionSteps', minDiffusionSteps, 1, MAX_DIFFUSION_STEPS);
  assertInteger('reconstructionDiffusionSteps', reconstructionDiffusionSteps, 1, MAX_DIFFUSION_STEPS);
  assertStageOrder(order);
  const subsetsOf = subsetsNamed(subsets, ['diagonal', 'quincunx', 'random']);
  const { stages, stepsOf } = stepSchedule(options);

  return plannedPolicy('gtr', function* (context): Generator<StepPlan> {
    const known = context.known.slice();
    const perStage = subsetsOf(context, stages, firstColour).map((subset, k) => {
      const { stage, positions, counts } = stageSteps(subset, k, stages, stepsOf, context);
      const ordered = stageOrder(order, positions, counts, { shape: context.shape, known });
      for (const position of positions) known[position] = 1;
      return { stage, positions: ordered, counts };
    });
    const generationSteps = perStage.reduce(
      (sum, { stage, counts }) => sum + (stage === 'generation' ? counts.length : 0),
      0,
    );
    let index = 0;
    for (const { stage, positions, counts } of perStage) {
      let decoded = 0;
      for (const count of counts) {
        const diffusionSteps =
          stage === 'generation'
            ? linear(maxDiffusionSteps, minDiffusionSteps, index, generationSteps)
            : reconstructionDiffusionSteps;
        yield stepPlan(stage, positions.subarray(decoded, decoded + count), diffusionSteps);
        decoded += count;
        index++;
      }
    }
  });
}

/** How many steps the k-th subset takes if `size` of its positions exist in the grid and `masked` are to be decoded. */
type StepsOf = (k: number, masked: number, size: number) => number;

function stepSchedule({ stages, stepsPerStage, rates }: GenerationThenReconstructionOptions): {
  stages: number;
  stepsOf: StepsOf;
} {
  if (stages !== undefined) assertInteger('stages', stages, 1, MAX_STAGES);
  if (stepsPerStage && rates)
    throw new InvalidOptionError('rates', rates, 'give either stepsPerStage or rates, not both');
  const given = stepsPerStage ?? rates ?? ((stages ?? 3) === 3 ? [24, 6, 2] : undefined);
  if (!given)
    throw new InvalidOptionError('stages', stages, 'give stepsPerStage or rates of that many stages');
  const name = rates ? 'rates' : 'stepsPerStage';
  const count = stages ?? given.length;
  if (given.length !== count || count < 1 || count > MAX_STAGES) {
    const expectation = `must hold a number for each of ${stages ?? `1 to ${MAX_STAGES}`} stages`;
    throw new InvalidOptionError(name, `[${given.join(', ')}]`, expectation);
  }
  for (const [k, value] of given.entries()) {
    if (rates) assertNumber(`rates[${k}]`, value, 1);
    else assertInteger(`stepsPerStage[${k}]`, value, 1);
  }
  return {
    stages: count,
    stepsOf(k, masked, size) {
      const wanted = Math.round(rates ? masked / given[k]! : (masked * given[k]!) / size);
      return Math.min(masked, Math.max(1, wanted));
    },
  };
}

function stageSteps(
  subset: Uint32Array,
  k: number,
  stages: number,
  stepsOf: StepsOf,
  { known, noise }: PolicyContext,
): StageSteps {
  const masked = subset.filter((position) => !known[position]);
  return {
    stage: k === stages - 1 && stages > 1 ? 'reconstruction' : 'generation',
    positions: shuffle(masked, noise.fork('subset', k)),
    counts:
      masked.length === 0 ? [] : evenMaskSchedule(masked.length, stepsOf(k, masked.length, subset.length)),
  };
}

function linear(from: number, to: number, index: number, total: number): number {
  return total <= 1 ? from : Math.round(from + ((to - from) * index) / (total - 1));
}
