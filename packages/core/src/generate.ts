import { type CancellationSignal, throwIfAborted } from './cancellation.js';
import { type Conditions, selectConditions } from './conditions.js';
import { ancestralSampler } from './diffusion/ancestral.js';
import type { DiffusionSampler } from './diffusion/table.js';
import { assertNumber, assertShape, InvalidOptionError, InvalidPlanError } from './errors.js';
import { copyGrid, emptyGrid, gridLength, type TokenGrid } from './grid.js';
import { constantGuidance, type GuidanceSchedule } from './guidance.js';
import type { ImageRgb } from './image.js';
import type { Clamp, MaskedModel, TokenImage } from './model.js';
import { keyedNoise } from './noise/keyed.js';
import type { NoiseSource } from './noise/source.js';
import { checkedPlan, type StepPlan } from './plan.js';
import type { SamplingPolicy } from './policy.js';

/** One image to make. */
export interface ImageRequest<Input> {
  /** A non-negative safe integer. */
  readonly seed: number;
  /**
   * Tells images of one seed apart: image 37 is the same alone or in a batch of 100. @default 0
   */
  readonly index?: number;
  /** What the model is conditioned on, e.g. `{ classLabel: 3 }`. */
  readonly input: Input;
  /** Tokens to start from (editing): known ones are kept as they are. @default all masked */
  readonly start?: TokenGrid;
}

export interface GenerateOptions<Input> {
  readonly model: MaskedModel<Input>;
  readonly images: readonly ImageRequest<Input>[];
  readonly policy: SamplingPolicy;
  /** @default the model's, else no guidance */
  readonly guidance?: GuidanceSchedule;
  /** Scales the noise of the diffusion steps; 0 … . @default the model's, else 1 */
  readonly temperature?: number;
  /** Limits of x0; null for none. @default the model's, else none */
  readonly clamp?: Clamp | null;
  /** The head's sampler. @default ancestralSampler() */
  readonly sampler?: DiffusionSampler;
  /** An image's source of noise. @default keyedNoise({ seed, image: index }) */
  readonly noise?: (image: {
    readonly seed: number;
    readonly index: number;
    readonly place: number;
  }) => NoiseSource;
  /** Checked between every two runs of the model; the generation rejects with the signal's reason. */
  readonly signal?: CancellationSignal;
}

/** What one step did to one image. */
export interface ImageStep {
  /** The image's place in `images`. */
  readonly place: number;
  /** The plan; at `step-end` as refined, positions ascending. */
  readonly plan: StepPlan;
  readonly guidanceScale: number;
}

export type GenerateEvent =
  | { readonly type: 'step-start'; readonly index: number; readonly images: readonly ImageStep[] }
  | {
      readonly type: 'step-end';
      readonly index: number;
      readonly images: readonly ImageStep[];
      /** The grids of all images, in the order of `images`; copied, so they may be kept. */
      grids(): readonly TokenGrid[];
      /** Decodes the picture so far. Await it before asking for the next event. */
      preview(place: number): Promise<ImageRgb>;
    }
  | {
      readonly type: 'image';
      readonly place: number;
      readonly image: ImageRgb;
      readonly grid: TokenGrid;
      readonly steps: readonly ImageStep[];
    };

/** A finished image. */
export interface GeneratedImage {
  readonly image: ImageRgb;
  readonly grid: TokenGrid;
  /** Every step as it was carried out. */
  readonly steps: readonly ImageStep[];
}

export interface GenerateResult {
  /** In the order of the request. */
  readonly images: readonly GeneratedImage[];
}

/** One image while it is being made. */
interface Run<Input> {
  readonly place: number;
  readonly input: Input;
  readonly grid: TokenGrid;
  readonly noise: NoiseSource;
  readonly steps: ImageStep[];
  state: unknown;
  masked: number;
}

/**
 * Makes images. While a position is masked, the policy names the positions to decode next, the model turns the known
 * tokens into conditions z there, refinements may rewrite the step counts, the head samples each group of equal step
 * count, and the tokens are committed; when nothing is masked, the model makes pixels.
 *
 * Yields `step-start` and `step-end` for each step of the batch and `image` for each image as it is finished; returns
 * all images. Breaking out of the loop stops the generation.
 *
 * @throws InvalidPlanError where the policy or a refinement returns a plan that can't be carried out
 * @throws InvalidOptionError where an option is out of range
 */
export async function* generate<Input>(
  options: GenerateOptions<Input>,
): AsyncGenerator<GenerateEvent, GenerateResult, undefined> {
  const { model, policy, signal, sampler = ancestralSampler() } = options;
  const guidance = options.guidance ?? model.defaults?.guidance ?? constantGuidance(1);
  const temperature = options.temperature ?? model.defaults?.temperature ?? 1;
  const clamp = options.clamp === undefined ? model.defaults?.clamp : (options.clamp ?? undefined);
  assertNumber('temperature', temperature, 0);
  const runs = options.images.map((image, place) => start(options, image, place));
  const finished: GeneratedImage[] = [];
  const withSignal = signal ? { signal } : {};

  async function* finish(done: readonly Run<Input>[]): AsyncGenerator<GenerateEvent, void, undefined> {
    if (done.length === 0) return;
    throwIfAborted(signal);
    const pictures = await model.decode(
      done.map((run) => run.grid),
      withSignal,
    );
    for (const [i, { place, grid, steps }] of done.entries()) {
      const result = { image: pictures[i]!, grid, steps };
      finished[place] = result;
      yield { type: 'image', place, ...result };
    }
  }

  yield* finish(runs.filter((run) => run.masked === 0));
  for (let index = 0; ; index++) {
    const active = runs.filter((run) => run.masked > 0);
    if (active.length === 0) break;
    throwIfAborted(signal);
    const planned = active.map((run) => planStep(policy, guidance, run, index));
    yield { type: 'step-start', index, images: planned };

    throwIfAborted(signal);
    const conditions = await model.condition({
      images: active.map(({ grid, input }, i) => {
        const { plan, guidanceScale } = planned[i]!;
        return { grid, input, positions: plan.positions, guided: guidanceScale !== 1 };
      }),
      ...withSignal,
    });
    const carriedOut: ImageStep[] = [];
    try {
      for (const [i, run] of active.entries()) {
        const step = planned[i]!;
        const plan = await refinePlan(policy, step.plan, run, conditions[i]!, index);
        carriedOut.push({ ...step, plan });
      }
      for (const group of groupByDiffusionSteps(active, planned, carriedOut, conditions)) {
        throwIfAborted(signal);
        const tokens = await model.sampleTokens({
          images: group.images,
          table: sampler(group.diffusionSteps),
          temperature,
          ...(clamp === undefined ? {} : { clamp }),
          ...withSignal,
        });
        for (const [i, run] of group.runs.entries()) commit(run, group.images[i]!.positions, tokens[i]!);
      }
    } finally {
      for (const held of conditions) held.release();
    }
    for (const [i, run] of active.entries()) run.steps.push(carriedOut[i]!);

    yield {
      type: 'step-end',
      index,
      images: carriedOut,
      grids: () => runs.map((run) => copyGrid(run.grid)),
      async preview(place) {
        const run = runs[place];
        if (!run) throw new InvalidOptionError('place', place, `must be from 0 to ${runs.length - 1}`);
        throwIfAborted(signal);
        const [picture] = await model.decode([run.grid], withSignal);
        return picture!;
      },
    };
    yield* finish(active.filter((run) => run.masked === 0));
  }
  return { images: finished };
}

function start<Input>(
  options: GenerateOptions<Input>,
  image: ImageRequest<Input>,
  place: number,
): Run<Input> {
  const { model, policy } = options;
  const { seed, index = 0, input } = image;
  const grid = image.start ? copyGrid(image.start) : emptyGrid(model.shape);
  const length = gridLength(model.shape);
  assertShape('start.tokens [L, C]', grid.tokens, [length, model.shape.channels]);
  const noise = options.noise?.({ seed, index, place }) ?? keyedNoise({ seed, image: index });
  const state = policy.init({ shape: model.shape, known: grid.known.slice(), noise: noise.fork('policy') });
  const masked = grid.known.reduce((count, known) => count - (known ? 1 : 0), length);
  return { place, input, grid, noise, steps: [], state, masked };
}

function planStep<Input>(
  policy: SamplingPolicy,
  guidance: GuidanceSchedule,
  run: Run<Input>,
  index: number,
): ImageStep {
  const [asPlanned, next] = policy.step(run.state, { index, grid: run.grid });
  const plan = checkedPlan(asPlanned, run.grid.known, policy.name, index);
  run.state = next;
  const guidanceScale = guidance({
    total: gridLength(run.grid.shape),
    maskedBefore: run.masked,
    maskedAfter: run.masked - plan.positions.length,
  });
  return { place: run.place, plan, guidanceScale };
}

async function refinePlan<Input>(
  policy: SamplingPolicy,
  planned: StepPlan,
  run: Run<Input>,
  conditions: Conditions,
  index: number,
): Promise<StepPlan> {
  let plan = planned;
  for (const refinement of policy.refinements ?? []) {
    const dropped = plan.positions.length < planned.positions.length;
    const seen = {
      index,
      grid: run.grid,
      conditions: dropped ? selectConditions(conditions, rowsOf(planned, plan)) : conditions,
      noise: run.noise,
    };
    const refined = checkedPlan(await refinement(plan, seen), run.grid.known, policy.name, index);
    const added = refined.positions.find((position) => !plan.positions.includes(position));
    if (added !== undefined) {
      throw new InvalidPlanError(
        policy.name,
        index,
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

interface TokenGroup<Input> {
  readonly diffusionSteps: number;
  readonly runs: Run<Input>[];
  readonly images: TokenImage[];
}

/** The tokens of a step, of all images, by their diffusion step count: each group is one call of the head. */
function groupByDiffusionSteps<Input>(
  active: readonly Run<Input>[],
  planned: readonly ImageStep[],
  carriedOut: readonly ImageStep[],
  conditions: readonly Conditions[],
): TokenGroup<Input>[] {
  const groups = new Map<number, TokenGroup<Input>>();
  for (const [i, run] of active.entries()) {
    const { plan, guidanceScale } = carriedOut[i]!;
    for (const diffusionSteps of new Set(plan.diffusionSteps)) {
      const positions = plan.positions.filter((_, k) => plan.diffusionSteps[k] === diffusionSteps);
      const rows = rowsOf(planned[i]!.plan, { positions });
      const group = groups.get(diffusionSteps) ?? { diffusionSteps, runs: [], images: [] };
      groups.set(diffusionSteps, group);
      group.runs.push(run);
      group.images.push({ conditions: conditions[i]!, rows, positions, guidanceScale, noise: run.noise });
    }
  }
  return [...groups.values()];
}

function commit<Input>(run: Run<Input>, positions: Uint32Array, tokens: Float32Array): void {
  const { channels } = run.grid.shape;
  assertShape('sampled tokens [m, C]', tokens, [positions.length, channels]);
  for (const [i, position] of positions.entries()) {
    run.grid.tokens.set(tokens.subarray(i * channels, (i + 1) * channels), position * channels);
    run.grid.known[position] = 1;
  }
  run.masked -= positions.length;
}

/** {@link generate} for those who want the pictures and no events: one entry an image, in the order of the request. */
export async function generateImages<Input>(
  options: GenerateOptions<Input>,
): Promise<readonly GeneratedImage[]> {
  const run = generate(options);
  for (;;) {
    const { done, value } = await run.next();
    if (done) return value.images;
  }
}
