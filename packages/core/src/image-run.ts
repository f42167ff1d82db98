import { checkedPlan, stepPolicy } from './checked-plan.js';
import type { ConditionRows } from './condition-rows.js';
import { trainingTimesteps } from './diffusion/diffusion-process.js';
import { isCoefficients } from './diffusion/diffusion-sampler.js';
import { assertInteger, assertNumber, InvalidOptionError, InvalidPlanError } from './errors.js';
import type { GenerateOptions, ImageRequest, ImageStep, PlannedStep, Progress } from './generation.js';
import {
  assertGrid,
  copyGrid,
  emptyGrid,
  type GridShape,
  gridLength,
  maskedPositions,
  type TokenGrid,
} from './grid.js';
import { type GuidanceContext, type TokenGuidance, tokenScales } from './guidance.js';
import type { MaskedModel } from './model.js';
import { keyedNoise } from './noise/keyed.js';
import type { NoiseSource } from './noise/source.js';
import { applyPlan, type StepPlan, stepPlan } from './plan.js';
import type { SamplingPolicy } from './policy.js';
import { assertReuse, type ReuseSchedule, type StepReuse } from './reuse.js';
import type { SamplingSettings } from './sampling-settings.js';
import { addedWork, type SamplingWork } from './sampling-work.js';
import { tokenLosses } from './token-losses.js';

/** One image while it is being made. */
export interface ImageRun<Input> {
  readonly batchIndex: number;
  readonly input: Input;
  readonly grid: TokenGrid;
  /** [L], 1 where a token was given at the start. */
  readonly given: Uint8Array;
  readonly noise: NoiseSource;
  readonly steps: ImageStep[];
  /** [L], how often each token has been drawn. */
  readonly draws: Uint16Array;
  state: unknown;
  /** How many tokens are masked. */
  masked: number;
  /** How many steps the run takes in all, if its policy knows. */
  stepCount: number | undefined;
  /** Of the step that runs. */
  guidance: number | TokenGuidance;
  /** z of the last step. It is released, with the caches that go with it, once the next one is there. */
  conditions: ConditionRows | undefined;
  /** Whether the last refresh was guided. */
  refreshedGuided: boolean;
}

export function startImage<Input>(
  policy: SamplingPolicy,
  { model, gridSize, noise: noiseOf }: GenerateOptions<Input>,
  request: ImageRequest<Input>,
  batchIndex: number,
): ImageRun<Input> {
  const { seed, imageIndex = 0, input, start } = request;
  assertInteger('imageIndex', imageIndex, 0);
  const shape = shapeOf(model.shape, gridSize);
  if (start) assertStart(start, shape);
  const grid = start ? copyGrid(start) : emptyGrid(shape);
  const given = grid.known.slice();
  const noise = noiseOf?.({ seed, imageIndex, batchIndex }) ?? keyedNoise({ seed, image: imageIndex });
  const state = policy.init({ shape, known: given.slice(), noise: noise.fork('policy') });
  const masked = maskedPositions(given).length;
  const stepCount = policy.stepsLeft?.(state);
  return {
    batchIndex,
    input,
    grid,
    given,
    noise,
    steps: [],
    draws: new Uint16Array(given.length),
    state,
    masked,
    stepCount,
    guidance: 1,
    conditions: undefined,
    refreshedGuided: false,
  };
}

/** The shape of the grids that a generation draws. */
export function shapeOf(shape: GridShape, size: Pick<GridShape, 'height' | 'width'> | undefined): GridShape {
  return size ? { height: size.height, width: size.width, channels: shape.channels } : shape;
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

/** Where next, and how strongly. */
export function planStep<Input>(
  settings: SamplingSettings<Input>,
  run: ImageRun<Input>,
  step: number,
): PlannedStep {
  const { policy, guidance, sampler } = settings;
  const { grid, given } = run;
  const [planned, next] = stepPolicy(policy, run.state, { step, grid });
  const check = { policy: policy.name, step, known: grid.known, given, sampler };
  const plan = checkedPlan(planned, check);
  run.state = next;
  const left = policy.stepsLeft?.(next);
  run.stepCount = left === undefined ? undefined : step + 1 + left;
  const place = {
    total: gridLength(grid.shape),
    maskedBefore: run.masked,
    maskedAfter: run.masked - plan.positions.length + (plan.remasked?.length ?? 0),
  };
  run.guidance = guidance(place);
  if (typeof run.guidance === 'number') assertNumber(`guidance at step ${step}`, run.guidance, 0);
  const guidanceScale =
    typeof run.guidance === 'number' ? run.guidance : strongestScale(settings, run.guidance, plan);
  const inPlace = { batchIndex: run.batchIndex, plan, guidanceScale };
  const reuse = settings.reuse && reuseOf(settings.reuse, settings.model, run, inPlace, place);
  return reuse ? { ...inPlace, reuse } : inPlace;
}

/** What the step takes from earlier ones, as far as there is something to take. */
function reuseOf<Input>(
  schedule: ReuseSchedule,
  model: MaskedModel<Input>,
  run: ImageRun<Input>,
  { plan, guidanceScale }: PlannedStep,
  place: GuidanceContext,
): StepReuse {
  const previous = run.steps.at(-1);
  const step = run.steps.length;
  const context = { step, steps: run.stepCount, stage: plan.stage, previousStage: previous?.plan.stage };
  const reuse = schedule({ ...place, ...context });
  assertReuse(model.reuses, reuse);
  const guided = guidanceScale !== 1;
  const remasked = (previous?.plan.remasked?.length ?? 0) > 0;
  const refresh = reuse.refresh || !previous || remasked || (guided && !run.refreshedGuided);
  if (refresh) run.refreshedGuided = guided;
  return { ...reuse, refresh };
}

/** The scale that is furthest from 1, of those that the step may meet. */
function strongestScale<Input>(
  { policy, sampler, diffusion }: SamplingSettings<Input>,
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

/** How long: the plan as the policy's refinements leave it, and the work that their questions took. */
export async function refinePlan<Input>(
  settings: SamplingSettings<Input>,
  planned: StepPlan,
  run: ImageRun<Input>,
  conditions: ConditionRows,
  step: number,
): Promise<{ readonly plan: StepPlan; readonly work: SamplingWork }> {
  const { policy, sampler } = settings;
  const { grid, given, noise, input } = run;
  let work: SamplingWork = { passes: 0, conditionRows: 0, headEvaluations: 0 };
  const judging = {
    given: given.slice(),
    async tokenLosses(positions: Uint32Array, evaluations: number) {
      const losses = await tokenLosses(settings, {
        ...{ grid, input, positions, evaluations },
        noise: noise.fork('losses', step),
      });
      const headEvaluations = positions.length * evaluations;
      work = addedWork(work, { passes: 1, conditionRows: positions.length, headEvaluations });
      return losses;
    },
  };
  const check = { policy: policy.name, step, known: grid.known, given, sampler };
  let plan = planned;
  for (const refinement of policy.refinements ?? []) {
    const dropped = plan.positions.length < planned.positions.length;
    const left = dropped ? conditions.select(rowsOf(planned, plan.positions)) : conditions;
    // A copy: a refinement that sorts in place would part the positions from their conditions.
    const copy = stepPlan(plan.stage, plan.positions, plan.diffusionSteps, plan.remasked);
    const refined = await refinement(copy, { step, grid, conditions: left, noise, ...judging });
    const { remasked } = plan;
    const checked = checkedPlan(remasked ? { remasked, ...refined } : refined, check);
    const added = checked.positions.find((position) => !plan.positions.includes(position));
    if (added !== undefined) {
      const problem = `a refinement added position ${added}; it may only drop some`;
      throw new InvalidPlanError(policy.name, step, problem);
    }
    plan = checked;
  }
  return { plan, work };
}

/** The rows of `planned`'s conditions that hold some of its positions. */
export function rowsOf(planned: StepPlan, positions: Uint32Array): Uint32Array {
  return positions.map((position) => planned.positions.indexOf(position));
}

/** Marks a step as done, its tokens being in the grid. */
export function endStep<Input>(run: ImageRun<Input>, step: ImageStep): void {
  applyPlan(run.grid.known, step.plan);
  for (const position of step.plan.positions) run.draws[position]!++;
  run.masked += (step.plan.remasked?.length ?? 0) - step.plan.positions.length;
  run.steps.push(step);
  if (run.masked === 0) run.stepCount = run.steps.length;
  else if (run.stepCount !== undefined) run.stepCount = Math.max(run.stepCount, run.steps.length + 1);
}

/** How far a batch is. */
export function progressOf<Input>(runs: readonly ImageRun<Input>[], stepsDone: number): Progress {
  const masked = runs.reduce((sum, run) => sum + run.masked, 0);
  const tokens = runs.reduce((sum, { given }) => sum + maskedPositions(given).length, 0);
  const counts = runs.map(({ stepCount }) => stepCount);
  const known = counts.filter((count) => count !== undefined);
  const steps = known.length === counts.length ? { steps: Math.max(0, ...known) } : {};
  return { tokensDecoded: tokens - masked, tokens, stepsDone, ...steps };
}
