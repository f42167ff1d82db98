import { throwIfAborted } from './cancellation.js';
import type { ConditionRows } from './condition-rows.js';
import { assertShape, InvalidOptionError } from './errors.js';
import type {
  GeneratedImage,
  GenerateEvent,
  GenerateOptions,
  GenerateResult,
  OnProgress,
  PlannedStep,
} from './generation.js';
import { copyGrid, type TokenGrid } from './grid.js';
import type { ImageRgb } from './image.js';
import { endStep, type ImageRun, planStep, progressOf, startImage } from './image-run.js';
import { sampleStep } from './sample-step.js';
import { type SamplingSettings, samplingSettings } from './sampling-settings.js';

/**
 * Makes images. While a position is masked, the policy names the positions to decode next, the model turns the known
 * tokens into conditions z there, refinements may rewrite the step counts, the head samples each group of equal step
 * count, and the tokens are committed; when nothing is masked, the model makes pixels.
 *
 * Yields `step-start` and `step-end` for each step of the batch and `image` for each image as it is finished; returns
 * all images. Breaking out of the loop stops the generation.
 *
 * ```ts
 * for await (const event of generate({ model, requests: [{ seed: 1, input: { classLabel: 3 } }] })) {
 *   const { tokensDecoded, tokens } = event.progress;
 *   if (event.type === 'step-end') console.log(`${tokensDecoded} of ${tokens} tokens`);
 * }
 * ```
 *
 * What the model, the policy, a refinement, a guidance schedule or a noise source throws is passed on.
 *
 * @throws InvalidPlanError if the policy or a refinement returns a plan that can't be carried out
 * @throws InvalidOptionError if an option is of another type or out of range, the guidance scale of a step among them
 * @throws ShapeMismatchError if `start` or `clamp` is of another shape than the model's grid, or the model gives
 *   another number of conditions, tokens or pictures than asked for
 * @throws NonFiniteError if the model gives a token of NaN or infinity
 * @throws the signal's reason once it is aborted; a TesseraError `aborted` where it has none
 */
export async function* generate<Input>(
  options: GenerateOptions<Input>,
): AsyncGenerator<GenerateEvent, GenerateResult, undefined> {
  const settings = samplingSettings(options);
  const { model, policy, signal } = settings;
  const runs = options.requests.map((request, i) => startImage(policy, options, request, i));
  const results: GeneratedImage[] = [];
  let stepsDone = 0;

  const decode = async (grids: readonly TokenGrid[]): Promise<readonly ImageRgb[]> => {
    throwIfAborted(signal);
    const pictures = await model.decode(grids, signal ? { signal } : {});
    assertShape('pictures, one a grid', pictures, [grids.length]);
    return pictures;
  };

  async function* finish(done: readonly ImageRun<Input>[]): AsyncGenerator<GenerateEvent, void, undefined> {
    if (done.length === 0) return;
    const pictures = await decode(done.map((run) => run.grid));
    for (const [i, { batchIndex, grid, steps }] of done.entries()) {
      const result = { image: pictures[i]!, grid, steps };
      results[batchIndex] = result;
      yield { type: 'image', batchIndex, progress: progressOf(runs, stepsDone), ...result };
    }
  }

  yield* finish(runs.filter((run) => run.masked === 0));
  try {
    for (;;) {
      const active = runs.filter((run) => run.masked > 0);
      if (active.length === 0) return { results };
      throwIfAborted(signal);
      const step = stepsDone;
      const planned = active.map((run) => planStep(settings, run, step));
      yield { type: 'step-start', step, batch: planned, progress: progressOf(runs, step) };

      throwIfAborted(signal);
      const conditions = await conditionsOf(settings, active, planned);
      for (const [i, run] of active.entries()) hold(run, conditions[i]);
      const batch = await sampleStep(settings, active, planned, conditions, step);
      for (const [i, run] of active.entries()) {
        endStep(run, batch[i]!);
        if (!planned[i]!.reuse || run.masked === 0) hold(run, undefined);
      }
      stepsDone++;

      yield {
        type: 'step-end',
        step,
        batch,
        progress: progressOf(runs, stepsDone),
        grids: () => runs.map((run) => copyGrid(run.grid)),
        async preview(batchIndex) {
          const run = runs[batchIndex];
          if (!run) {
            throw new InvalidOptionError('batchIndex', batchIndex, `must be from 0 to ${runs.length - 1}`);
          }
          const [picture] = await decode([run.grid]);
          return picture!;
        },
      };
      yield* finish(active.filter((run) => run.masked === 0));
    }
  } finally {
    for (const run of runs) hold(run, undefined);
  }
}

/** Keeps a step's conditions for the next one, instead of those before. */
function hold<Input>(run: ImageRun<Input>, conditions: ConditionRows | undefined): void {
  run.conditions?.release();
  run.conditions = conditions;
}

/** z at the planned positions of each image. */
async function conditionsOf<Input>(
  { model, signal }: SamplingSettings<Input>,
  active: readonly ImageRun<Input>[],
  planned: readonly PlannedStep[],
): Promise<readonly ConditionRows[]> {
  const batch = active.map(({ grid, input, conditions, noise }, i) => {
    const { plan, guidanceScale, reuse } = planned[i]!;
    const globalToken = model.drawsGlobalToken && {
      noise: noise.fork('global token').tokenNormal(0, 0, new Float32Array(grid.shape.channels)),
      guidanceScale,
    };
    const image = {
      grid,
      input,
      positions: plan.positions,
      guided: guidanceScale !== 1,
      ...(globalToken ? { globalToken } : {}),
    };
    if (!reuse) return image;
    const { head: _, ...ofTransformer } = reuse;
    return { ...image, reuse: { ...ofTransformer, ...(conditions ? { previous: conditions } : {}) } };
  });
  return model.condition({ batch, ...(signal ? { signal } : {}) });
}

/**
 * {@link generate} for those who want the pictures and no events: one entry an image, in the order of the request. Rejects
 * with what that throws.
 *
 * ```ts
 * const [picture] = await generateImages({ model, requests: [{ seed: 1, input: { classLabel: 3 } }] });
 * ```
 */
export async function generateImages<Input>(
  options: GenerateOptions<Input> & OnProgress,
): Promise<readonly GeneratedImage[]> {
  return (await finalResults(generate(options), options)).results;
}

/** What a run of events returns at its end. */
export async function finalResults<Result>(
  run: AsyncGenerator<GenerateEvent, Result, undefined>,
  { onProgress }: OnProgress,
): Promise<Result> {
  for (;;) {
    const { done, value } = await run.next();
    if (done) return value;
    if (value.type !== 'step-start') onProgress?.(value.progress);
  }
}
