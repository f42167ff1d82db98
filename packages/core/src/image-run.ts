import type { Conditions } from './conditions.js';
import { selectConditions } from './conditions.js';
import { type DiffusionProcess, trainingTimesteps } from './diffusion/diffusion-process.js';
import { isCoefficients } from './diffusion/diffusion-sampler.js';
import type { SamplerFunction } from './diffusion/function-sampler.js';
import type { SamplerCoefficients } from './diffusion/sampler-coefficients.js';
import {
  assertInteger,
  assertNumber,
  assertShape,
  InvalidOptionError,
  InvalidPlanError,
  NonFiniteError,
} from './errors.js';
import type { GenerateOptions, ImageRequest, ImageStep } from './generation.js';
import {
  assertGrid,
  copyGrid,
  emptyGrid,
  type GridShape,
  gridLength,
  maskedPositions,
  type TokenGrid,
} from './grid.js';
import { type GuidanceSchedule, type TokenGuidance, tokenScales } from './guidance.js';
import { keyedNoise } from './noise/keyed.js';
import type { NoiseSource } from './noise/source.js';
import { checkedPlan, plannedBy, type StepPlan, stepPlan } from './plan.js';
import type { SamplingPolicy } from './policy.js';
import type { GroupImage } from './sample-group.js';

/** One image while it is being made. */
export interface ImageRun<Input> {
  readonly batchIndex: number;
  readonly input: Input;
  readonly grid: TokenGrid;
  readonly noise: NoiseSource;
  readonly steps: ImageStep[];
  state: unknown;
  masked: number;
  /** Of the step that runs. */
  guidance: number | TokenGuidance;
}

export function startImage<Input>(
  options: GenerateOptions<Input>,
  image: ImageRequest<Input>,
  batchIndex: number,
): ImageRun<Input> {
  const { model, policy } = options;
  const { seed, imageIndex = 0, input } = image;
  assertInteger('imageIndex', imageIndex, 0);
  if (image.start) assertStart(image.start, model.shape);
  const grid = image.start ? copyGrid(image.start) : emptyGrid(model.shape);
  const noise = options.noise?.({ seed, imageIndex, batchIndex }) ?? keyedNoise({ seed, image: imageIndex });
  const state = policy.init({ shape: model.shape, known: grid.known.slice(), noise: noise.fork('policy') });
  const masked = maskedPositions(grid.known).length;
  return { batchIndex, input, grid, noise, steps: [], state, masked, guidance: 1 };
}

function assertStart(start: TokenGrid, shape: GridShape): void {
  assertGrid('start', start, shape);
  const { known, tokens } = start;
  const wrong = tokens.findIndex(
    (value, i) => known[Math.floor(i / shape.channels)] === 1 && !Number.isFinite(value),
  );
  if (wrong < 0) return;
  const position = Math.floor(wrong / shape.channels);
  throw new InvalidOptionError(
    'start',
    tokens[wrong],
    `the known token at position ${position} must be finite`,
  );
}

/** What the steps of all images are planned with. */
export interface StepPlanner {
  readonly policy: SamplingPolicy;
  readonly guidance: GuidanceSchedule;
  readonly diffusion: DiffusionProcess;
  /** The sampler for the model's diffusion process. */
  readonly sampler: (diffusionSteps: number) => SamplerCoefficients | SamplerFunction;
}

export function planStep<Input>(planner: StepPlanner, run: ImageRun<Input>, step: number): ImageStep {
  const { policy, guidance, sampler } = planner;
  const [asPlanned, next] = plannedBy(policy, run.state, { step, grid: run.grid });
  const plan = checkedPlan(asPlanned, run.grid.known, policy.name, step, sampler);
  run.state = next;
  run.guidance = guidance({
    total: gridLength(run.grid.shape),
    maskedBefore: run.masked,
    maskedAfter: run.masked - plan.positions.length,
  });
  if (typeof run.guidance === 'number') assertNumber(`guidance at step ${step}`, run.guidance, 0);
  const guidanceScale =
    typeof run.guidance === 'number' ? run.guidance : strongestScale(planner, run.guidance, plan);
  return { batchIndex: run.batchIndex, plan, guidanceScale };
}

/** The scale that is furthest from 1, of those that the step may meet. */
function strongestScale(
  { policy, sampler, diffusion }: StepPlanner,
  guidance: TokenGuidance,
  plan: StepPlan,
): number {
  const samplers = Array.from(new Set(plan.diffusionSteps), sampler);
  // A refinement may change the step counts, and a function decides as it goes.
  const known = samplers.every(isCoefficients) && !policy.refinements?.length;
  const timesteps = known
    ? samplers.flatMap(({ steps }) => steps.map(({ timestep }) => timestep))
    : trainingTimesteps(diffusion);
  return tokenScales(guidance, timesteps, plan.positions).reduce(
    (strongest, scale) => (Math.abs(scale - 1) > Math.abs(strongest - 1) ? scale : strongest),
    1,
  );
}

export async function refinePlan<Input>(
  { policy, sampler }: StepPlanner,
  planned: StepPlan,
  run: ImageRun<Input>,
  conditions: Conditions,
  step: number,
): Promise<StepPlan> {
  let plan = planned;
  for (const refinement of policy.refinements ?? []) {
    const dropped = plan.positions.length < planned.positions.length;
    const seen = {
      step,
      grid: run.grid,
      conditions: dropped ? selectConditions(conditions, rowsOf(planned, plan)) : conditions,
      noise: run.noise,
    };
    // A copy: a refinement that sorts in place would part the positions from their conditions.
    const copy = stepPlan(plan.stage, plan.positions, plan.diffusionSteps);
    const { known } = run.grid;
    const refined = checkedPlan(await refinement(copy, seen), known, policy.name, step, sampler);
    const added = refined.positions.find((position) => !plan.positions.includes(position));
    if (added !== undefined) {
      throw new InvalidPlanError(
        policy.name,
        step,
        `a refinement added position ${added}; it may only drop some`,
      );
    }
    plan = refined;
  }
  return plan;
}

/** The rows of `planned`'s conditions that hold the positions of `plan`, which is part of it. */
function rowsOf(planned: StepPlan, plan: Pick<StepPlan, 'positions'>): Uint32Array {
  return plan.positions.map((position) => planned.positions.indexOf(position));
}

export interface TokenGroup<Input> {
  readonly diffusionSteps: number;
  readonly runs: ImageRun<Input>[];
  readonly images: GroupImage[];
}

/** The tokens of a step, of all images, by their diffusion step count: each group is one call of the head. */
export function groupByDiffusionSteps<Input>(
  active: readonly ImageRun<Input>[],
  planned: readonly ImageStep[],
  carriedOut: readonly ImageStep[],
  conditions: readonly Conditions[],
): TokenGroup<Input>[] {
  const groups = new Map<number, TokenGroup<Input>>();
  for (const [i, run] of active.entries()) {
    const { plan } = carriedOut[i]!;
    const { guidance, noise } = run;
    for (const diffusionSteps of new Set(plan.diffusionSteps)) {
      const positions = plan.positions.filter((_, k) => plan.diffusionSteps[k] === diffusionSteps);
      const rows = rowsOf(planned[i]!.plan, { positions });
      const group = groups.get(diffusionSteps) ?? { diffusionSteps, runs: [], images: [] };
      groups.set(diffusionSteps, group);
      group.runs.push(run);
      group.images.push({ conditions: conditions[i]!, rows, positions, guidance, noise });
    }
  }
  return [...groups.values()];
}

export function commit<Input>(run: ImageRun<Input>, positions: Uint32Array, tokens: Float32Array): void {
  const { channels } = run.grid.shape;
  assertShape('sampled tokens [m, C]', tokens, [positions.length, channels]);
  const wrong = tokens.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0)
    throw new NonFiniteError(`The token at position ${positions[Math.floor(wrong / channels)]}`);
  for (const [i, position] of positions.entries()) {
    run.grid.tokens.set(tokens.subarray(i * channels, (i + 1) * channels), position * channels);
    run.grid.known[position] = 1;
  }
  run.masked -= positions.length;
}
