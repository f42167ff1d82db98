import { assertInteger, ShapeMismatchError } from './errors.js';

/** The most diffusion steps that a plan can hold for a token. */
export const MAX_DIFFUSION_STEPS = 65_535;

const MAX_POSITION = 2 ** 32 - 1;

/** What one step of one image decodes, and how many diffusion steps each token gets. Plain data. */
export interface StepPlan {
  /** A name for this part of the run, e.g. `generation` or `reconstruction`; refinements may be bound to it. */
  readonly stage: string;
  /** [n], positions to decode, n ≥ 1, each masked and named once. */
  readonly positions: Uint32Array;
  /**
   * [n], diffusion steps of each, in the order of `positions`, 1 … {@link MAX_DIFFUSION_STEPS}. The sampler may take
   * fewer: ancestral and DDIM 2 … 1000.
   */
  readonly diffusionSteps: Uint16Array;
  /**
   * Positions to mask again once the step's tokens are committed (ReMDM, correctors). Each was decoded by an earlier step:
   * tokens given at the start of an edit stay. They are decoded anew by a later step. @default none
   */
  readonly remasked?: Uint32Array;
}

/**
 * Builds a {@link StepPlan} from ordinary arrays.
 *
 * @param positions [n], integers from 0
 * @param diffusionSteps one number for all tokens, or [n]; integers from 1 to {@link MAX_DIFFUSION_STEPS}
 * @param remasked integers from 0. @default none
 * @throws InvalidOptionError if one is out of range, ShapeMismatchError if there are more or fewer step counts than positions
 * @example
 * stepPlan('generation', [0, 17, 34], 50);
 */
export function stepPlan(
  stage: string,
  positions: ArrayLike<number>,
  diffusionSteps: number | ArrayLike<number>,
  remasked?: ArrayLike<number>,
): StepPlan {
  const count = positions.length;
  const one = typeof diffusionSteps === 'number';
  if (!one && diffusionSteps.length !== count) {
    throw new ShapeMismatchError('diffusionSteps [n]', [count], [diffusionSteps.length]);
  }
  const checked = (option: string, value: number, min: number, max: number): number => {
    assertInteger(option, value, min, max);
    return value;
  };
  const checkedPositions = (option: string, values: ArrayLike<number>): Uint32Array =>
    Uint32Array.from(values, (value, i) => checked(`${option}[${i}]`, value, 0, MAX_POSITION));
  const stepsOf = (i: number): number => (one ? diffusionSteps : diffusionSteps[i]!);
  return {
    stage,
    positions: checkedPositions('positions', positions),
    diffusionSteps: Uint16Array.from({ length: count }, (_, i) =>
      checked('diffusionSteps', stepsOf(i), 1, MAX_DIFFUSION_STEPS),
    ),
    ...(remasked ? { remasked: checkedPositions('remasked', remasked) } : {}),
  };
}

/** Marks in `known` what a plan decodes and masks again. */
export function applyPlan(known: Uint8Array, { positions, remasked = new Uint32Array() }: StepPlan): void {
  for (const position of positions) known[position] = 1;
  for (const position of remasked) known[position] = 0;
}

/**
 * The steps after which a run of `length` tokens counts as endless where nobody can stop it. A step decodes a token or more, so
 * only policies that remask take more than `length` steps.
 */
export const stepLimit = (length: number): number => 16 * length;
