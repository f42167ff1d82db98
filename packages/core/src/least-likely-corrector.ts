import { assertInteger, assertNumber } from './errors.js';
import { maskedPositions } from './grid.js';
import type { NoiseSource } from './noise/source.js';
import { MAX_DIFFUSION_STEPS, type StepPlan, stepPlan } from './plan.js';
import { shuffle } from './policies/shuffle.js';
import type { Refinement, SamplingPolicy } from './policy.js';
import { refine } from './refinement.js';

/** A policy with steps after its last one, which draw some tokens again. */
export type Corrector = (policy: SamplingPolicy) => SamplingPolicy;

export interface LeastLikelyOptions {
  /** How many of an image's tokens a round draws again, 0 … 1. @default 0.1 */
  readonly share?: number;
  /** Rounds, each a step. @default 2 */
  readonly rounds?: number;
  /** Diffusion steps of tokens that are drawn again. @default 20 */
  readonly diffusionSteps?: number;
  /** The parts that tokens are masked and judged in, each a pass of the transformer a round. @default 4 */
  readonly parts?: number;
  /** Evaluations of the head that judge a token. @default 4 */
  readonly evaluations?: number;
}

/** Where a corrected policy stands. */
interface Correcting {
  readonly own: unknown;
  readonly given: Uint8Array;
  readonly noise: NoiseSource;
  /** How many rounds have been planned. */
  readonly rounds: number;
}

/**
 * Once all tokens are drawn, masks those again that the model finds least likely given the others, and draws them anew; and once
 * more. A token's likelihood is judged by the head's error for it (the weighted bound of "Denoising Diffusion Probabilistic
 * Models", equation 14), with a part of all tokens masked at a time.
 *
 * Tokens given at the start stay. What a policy's last step decodes can be drawn again from the second round on. A policy of one
 * step has nothing that a first round could draw again, and is left as it is.
 *
 * ```ts
 * await generateImages({ model, requests, policy: gtr('32'), corrector: leastLikelyCorrector({ share: 0.1 }) });
 * ```
 *
 * @throws InvalidOptionError where an option is out of range
 */
export function leastLikelyCorrector(options: LeastLikelyOptions = {}): Corrector {
  const { share = 0.1, rounds = 2, diffusionSteps = 20, parts = 4, evaluations = 4 } = options;
  assertNumber('share', share, 0, 1);
  assertInteger('rounds', rounds, 1);
  assertInteger('diffusionSteps', diffusionSteps, 1, MAX_DIFFUSION_STEPS);
  assertInteger('parts', parts, 1);
  assertInteger('evaluations', evaluations, 1);

  /** The plan with as many tokens to mask as a round draws again, at random: how many counts here, not which. */
  const remasking = (
    plan: StepPlan,
    known: Uint8Array,
    { given, noise, rounds: round }: Correcting,
  ): StepPlan => {
    const candidates = changeable(known, given);
    const count = Math.min(candidates.length, Math.round(share * maskedPositions(given).length));
    if (count === 0) return plan;
    const chosen = shuffle(candidates, noise.fork('corrector', round)).subarray(0, count);
    return stepPlan(plan.stage, plan.positions, plan.diffusionSteps, chosen);
  };

  const policyOf = (policy: SamplingPolicy): SamplingPolicy<Correcting> => ({
    name: policy.name,
    init: (context) => ({
      own: policy.init(context),
      given: context.known.slice(),
      noise: context.noise,
      rounds: 0,
    }),
    step(state, seen) {
      const masked = maskedPositions(seen.grid.known);
      if (state.rounds > 0) {
        const plan = stepPlan('correction', masked, diffusionSteps);
        const next = { ...state, rounds: state.rounds + 1 };
        return [state.rounds < rounds ? remasking(plan, seen.grid.known, state) : plan, next];
      }
      const [plan, own] = policy.step(state.own, seen);
      const isLast = plan.positions.length === masked.length && !plan.remasked?.length;
      if (!isLast) return [plan, { ...state, own }];
      return [remasking(plan, seen.grid.known, state), { ...state, own, rounds: 1 }];
    },
    stepsLeft({ own, rounds: planned }) {
      if (planned > 0) return Math.max(0, rounds - planned + 1);
      const left = policy.stepsLeft?.(own);
      return left === undefined ? undefined : left + rounds;
    },
    ...(policy.refinements ? { refinements: policy.refinements } : {}),
  });
  return (policy) => refine(policyOf(policy), leastLikely(parts, evaluations)) as SamplingPolicy;
}

/** Of plans that leave nothing else masked: takes the tokens that the model finds least likely for those to mask again. */
function leastLikely(parts: number, evaluations: number): Refinement {
  return async (plan, { step, grid, given, noise, tokenLosses }) => {
    const count = plan.remasked?.length ?? 0;
    if (count === 0 || plan.positions.length < maskedPositions(grid.known).length) return plan;
    const candidates = shuffle(changeable(grid.known, given), noise.fork('corrector', step));
    const size = Math.ceil(candidates.length / parts);
    const judged: { position: number; loss: number }[] = [];
    for (let first = 0; first < candidates.length; first += size) {
      const part = candidates.subarray(first, first + size);
      const losses = await tokenLosses(part, evaluations);
      for (const [i, position] of part.entries()) judged.push({ position, loss: losses[i]! });
    }
    judged.sort((a, b) => b.loss - a.loss || a.position - b.position);
    const chosen = judged.slice(0, count).map(({ position }) => position);
    return stepPlan(plan.stage, plan.positions, plan.diffusionSteps, chosen);
  };
}

/** Positions of tokens that are known and were not given. */
function changeable(known: Uint8Array, given: Uint8Array): Uint32Array {
  return maskedPositions(known.map((isKnown, position) => (isKnown && !given[position] ? 0 : 1)));
}
