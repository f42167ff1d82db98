import { throwIfAborted } from './cancellation.js';
import type { ConditionRows } from './condition-rows.js';
import { assertShape, NonFiniteError, UnguidedConditionsError } from './errors.js';
import type { ImageStep, PlannedStep } from './generation.js';
import type { TokenGrid } from './grid.js';
import { groupBy } from './group-by.js';
import { type ImageRun, refinePlan, rowsOf } from './image-run.js';
import type { StepPlan } from './plan.js';
import { sampleGroup } from './sample-group.js';
import type { SamplingSettings } from './sampling-settings.js';
import { addedWork, type SamplingWork } from './sampling-work.js';

/** Refines the plans, samples their tokens, those of equal diffusion steps at once, and writes them into the grids. */
export async function sampleStep<Input>(
  settings: SamplingSettings<Input>,
  active: readonly ImageRun<Input>[],
  planned: readonly PlannedStep[],
  conditions: readonly ConditionRows[],
  step: number,
): Promise<readonly ImageStep[]> {
  const { model, sampler, diffusion, temperature, clamp, signal } = settings;
  assertConditions(conditions, planned);
  const refined: PlannedStep[] = [];
  const refining: SamplingWork[] = [];
  for (const [i, run] of active.entries()) {
    const { plan, work } = await refinePlan(settings, planned[i]!.plan, run, conditions[i]!, step);
    refined.push({ ...planned[i]!, plan });
    refining.push(work);
  }
  const parts = refined.flatMap(({ plan }, i) =>
    alikeTokens(plan, active[i]!).map(({ diffusionSteps, draws, positions }) => {
      const rows = rowsOf(planned[i]!.plan, positions);
      const { noise, guidance } = active[i]!;
      return {
        i,
        diffusionSteps,
        reuse: planned[i]!.reuse?.head,
        image: {
          ...{ conditions: conditions[i]!, rows, positions, guidance },
          // A token that is drawn again from the same noise would come out much the same.
          noise: draws === 0 ? noise : noise.fork('again', draws),
        },
      };
    }),
  );
  const sampled = await groupBy(
    parts,
    ({ diffusionSteps, reuse }) => `${diffusionSteps} ${reuse?.interval} ${reuse?.warmUp}`,
    async (group) => {
      throwIfAborted(signal);
      const { diffusionSteps, reuse } = group[0]!;
      return sampleGroup(model, {
        batch: group.map(({ image }) => image),
        diffusionSteps,
        ...(reuse ? { reuse } : {}),
        sampler: sampler(diffusionSteps),
        diffusion,
        temperature,
        ...(clamp === undefined ? {} : { clamp }),
        ...(signal ? { signal } : {}),
      });
    },
  );
  const headEvaluations = refined.map(() => 0);
  for (const [k, { i, image }] of parts.entries()) {
    const { values, evaluations, outerEvaluations } = sampled[k]!;
    writeTokens(active[i]!.grid, image.positions, values);
    const halves = refined[i]!.guidanceScale === 1 ? 1 : 2;
    headEvaluations[i]! += (halves * evaluations + outerEvaluations) * image.positions.length;
  }
  return refined.map((refinedStep, i) => {
    const { guidanceScale, reuse } = refinedStep;
    const guided = guidanceScale !== 1;
    const passes = guided && !(reuse?.guidance && !reuse.refresh) ? 2 : 1;
    // A refresh whose difference later steps take is one of all masked positions.
    const rows = guided && reuse?.guidance && reuse.refresh ? active[i]!.masked : conditions[i]!.count;
    return {
      ...refinedStep,
      work: addedWork(refining[i]!, {
        passes,
        conditionRows: passes * rows,
        headEvaluations: headEvaluations[i]!,
      }),
    };
  });
}

/** A plan's tokens, those together that have as many diffusion steps and have been drawn as often. */
function alikeTokens<Input>(
  { positions, diffusionSteps }: StepPlan,
  { draws }: Pick<ImageRun<Input>, 'draws'>,
): readonly { readonly diffusionSteps: number; readonly draws: number; readonly positions: Uint32Array }[] {
  const groups = new Map<string, { diffusionSteps: number; draws: number; positions: number[] }>();
  for (const [k, position] of positions.entries()) {
    const [steps, times] = [diffusionSteps[k]!, draws[position]!];
    const group = groups.get(`${steps} ${times}`) ?? { diffusionSteps: steps, draws: times, positions: [] };
    group.positions.push(position);
    groups.set(`${steps} ${times}`, group);
  }
  return Array.from(groups.values(), (group) => ({ ...group, positions: Uint32Array.from(group.positions) }));
}

function assertConditions(conditions: readonly ConditionRows[], planned: readonly PlannedStep[]): void {
  assertShape('conditions, one an image', conditions, [planned.length]);
  for (const [i, { plan, guidanceScale }] of planned.entries()) {
    assertShape('conditions [n]', { length: conditions[i]!.count }, [plan.positions.length]);
    if (guidanceScale !== 1 && !conditions[i]!.guided)
      throw new UnguidedConditionsError(
        `The model returned no unconditional rows for a step with guidance ${guidanceScale}. It must return them if ` +
          '`condition` asks with `guided`; a model that has none takes constantGuidance(1).',
      );
  }
}

function writeTokens({ tokens, shape }: TokenGrid, positions: Uint32Array, values: Float32Array): void {
  const { channels } = shape;
  assertShape('sampled tokens [m, C]', values, [positions.length, channels]);
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0)
    throw new NonFiniteError(`The token at position ${positions[Math.floor(wrong / channels)]}`);
  for (const [i, position] of positions.entries())
    tokens.set(values.subarray(i * channels, (i + 1) * channels), position * channels);
}
