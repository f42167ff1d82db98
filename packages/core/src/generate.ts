import { throwIfAborted } from './cancellation.js';
import { assertClamp } from './clamp.js';
import { ancestralSampler } from './diffusion/ancestral-sampler.js';
import { marDiffusion } from './diffusion/diffusion-process.js';
import { eulerSampler } from './diffusion/euler-sampler.js';
import { assertNumber, assertShape, InvalidOptionError, UnguidedConditionsError } from './errors.js';
import type {
  GeneratedImage,
  GenerateEvent,
  GenerateOptions,
  GenerateResult,
  ImageStep,
} from './generation.js';
import { copyGrid, type TokenGrid } from './grid.js';
import { constantGuidance } from './guidance.js';
import type { ImageRgb } from './image.js';
import {
  commit,
  groupByDiffusionSteps,
  type ImageRun,
  planStep,
  refinePlan,
  startImage,
} from './image-run.js';
import { sampleGroup } from './sample-group.js';

/**
 * Makes images. While a position is masked, the policy names the positions to decode next, the model turns the known
 * tokens into conditions z there, refinements may rewrite the step counts, the head samples each group of equal step
 * count, and the tokens are committed; when nothing is masked, the model makes pixels.
 *
 * Yields `step-start` and `step-end` for each step of the batch and `image` for each image as it is finished; returns
 * all images. Breaking out of the loop stops the generation.
 *
 * What the model, the policy, a refinement, a guidance schedule or a noise source throws is passed on.
 *
 * @throws InvalidPlanError where the policy or a refinement returns a plan that can't be carried out
 * @throws InvalidOptionError where an option is out of range, the guidance scale of a step among them
 * @throws ShapeMismatchError where `start` or `clamp` is of another shape than the model's grid, or the model gives
 *   another number of conditions, tokens or pictures than asked for
 * @throws NonFiniteError where the model gives a token of NaN or infinity
 * @throws UnsupportedPredictionError where the sampler can't sample what the model predicts
 * @throws the signal's reason once it is aborted; a TesseraError `aborted` where it has none
 */
export async function* generate<Input>(
  options: GenerateOptions<Input>,
): AsyncGenerator<GenerateEvent, GenerateResult, undefined> {
  const { model, policy, signal } = options;
  const { diffusion = marDiffusion() } = model;
  const chosen =
    options.sampler ?? (diffusion.prediction === 'epsilon' ? ancestralSampler() : eulerSampler());
  const sampler = (diffusionSteps: number) => chosen(diffusionSteps, diffusion);
  const guidance = options.guidance ?? model.defaults?.guidance ?? constantGuidance(1);
  const temperature = options.temperature ?? model.defaults?.temperature ?? 1;
  const clamp = options.clamp === undefined ? model.defaults?.clamp : (options.clamp ?? undefined);
  assertNumber('temperature', temperature, 0);
  assertClamp(clamp, model.shape.channels);
  const planner = { policy, guidance, diffusion, sampler };
  const runs = options.requests.map((image, batchIndex) => startImage(options, image, batchIndex));
  const finished: GeneratedImage[] = [];
  const withSignal = signal ? { signal } : {};

  const decode = async (grids: readonly TokenGrid[]): Promise<readonly ImageRgb[]> => {
    throwIfAborted(signal);
    const pictures = await model.decode(grids, withSignal);
    assertShape('pictures, one a grid', pictures, [grids.length]);
    return pictures;
  };

  async function* finish(done: readonly ImageRun<Input>[]): AsyncGenerator<GenerateEvent, void, undefined> {
    if (done.length === 0) return;
    const pictures = await decode(done.map((run) => run.grid));
    for (const [i, { batchIndex, grid, steps }] of done.entries()) {
      const result = { image: pictures[i]!, grid, steps };
      finished[batchIndex] = result;
      yield { type: 'image', batchIndex, ...result };
    }
  }

  yield* finish(runs.filter((run) => run.masked === 0));
  for (let index = 0; ; index++) {
    const active = runs.filter((run) => run.masked > 0);
    if (active.length === 0) break;
    throwIfAborted(signal);
    const planned = active.map((run) => planStep(planner, run, index));
    yield { type: 'step-start', step: index, batch: planned };

    throwIfAborted(signal);
    const conditions = await model.condition({
      batch: active.map(({ grid, input }, i) => {
        const { plan, guidanceScale } = planned[i]!;
        return { grid, input, positions: plan.positions, guided: guidanceScale !== 1 };
      }),
      ...withSignal,
    });
    const carriedOut: ImageStep[] = [];
    try {
      assertShape('conditions, one an image', conditions, [active.length]);
      for (const [i, run] of active.entries()) {
        const step = planned[i]!;
        assertShape('conditions [n]', { length: conditions[i]!.count }, [step.plan.positions.length]);
        if (step.guidanceScale !== 1 && !conditions[i]!.guided)
          throw new UnguidedConditionsError(
            `The model returned no unconditional rows for a step with guidance ${step.guidanceScale}. It must hold them where ` +
              '`condition` is asked with `guided`; a model that has none takes constantGuidance(1).',
          );
        const plan = await refinePlan(planner, step.plan, run, conditions[i]!, index);
        carriedOut.push({ ...step, plan });
      }
      for (const group of groupByDiffusionSteps(active, planned, carriedOut, conditions)) {
        throwIfAborted(signal);
        const { diffusionSteps, images: batch } = group;
        const tokens = await sampleGroup(model, {
          batch,
          diffusionSteps,
          sampler: sampler(diffusionSteps),
          diffusion,
          temperature,
          ...(clamp === undefined ? {} : { clamp }),
          ...withSignal,
        });
        for (const [i, run] of group.runs.entries())
          commit(run, group.images[i]!.positions, tokens[i]!.values);
      }
    } finally {
      for (const held of conditions) held.release();
    }
    for (const [i, run] of active.entries()) run.steps.push(carriedOut[i]!);

    yield {
      type: 'step-end',
      step: index,
      batch: carriedOut,
      grids: () => runs.map((run) => copyGrid(run.grid)),
      async preview(batchIndex) {
        const run = runs[batchIndex];
        if (!run)
          throw new InvalidOptionError('batchIndex', batchIndex, `must be from 0 to ${runs.length - 1}`);
        const [picture] = await decode([run.grid]);
        return picture!;
      },
    };
    yield* finish(active.filter((run) => run.masked === 0));
  }
  return { results: finished };
}

/**
 * {@link generate} for those who want the pictures and no events: one entry an image, in the order of the request. Rejects
 * with what that throws.
 */
export async function generateImages<Input>(
  options: GenerateOptions<Input>,
): Promise<readonly GeneratedImage[]> {
  const run = generate(options);
  for (;;) {
    const { done, value } = await run.next();
    if (done) return value.results;
  }
}
