import { generate, keyedNoise, type SamplingPolicy, type StepPlan, type TokenGrid } from '@tessera/core';
import { emptyGrid, planImage } from '@tessera/core/model';
import { type Drawing, requestsOf, samplingOf, type TimedModel, timed, total } from './measure.js';
import { transformerFlops } from './transformer-flops.js';
import type { TransformerSizes } from './transformer-sizes.js';
import type { BenchVariant } from './variants.js';

/** What a drawing would take, from some of its steps. Times in milliseconds, of the whole batch. */
export interface Estimate {
  readonly wall: number;
  readonly transformer: number;
  readonly head: number;
  readonly peakMemory: number;
  /** How many steps were run, of how many. */
  readonly stepsRun: number;
  readonly steps: number;
}

/** What a step costs, in the units that its times go by. */
interface StepCost {
  /** The transformer's operations. */
  readonly flops: number;
  /** Tokens × diffusion steps. */
  readonly tokenSteps: number;
}

/**
 * Estimates what a drawing takes from steps spread over it, the middle one first, until `budget` is spent. Each is run as in
 * the drawing, beside as many known tokens. The transformer's time goes by its operations, the head's by tokens × diffusion
 * steps, the rest by steps.
 *
 * @param options.budget milliseconds, after which no other step is begun
 */
export async function estimate(
  model: TimedModel,
  sizes: TransformerSizes,
  variant: BenchVariant,
  { budget, ...drawing }: Drawing & { readonly budget: number },
): Promise<Estimate> {
  const plans = requestsOf(model, drawing).map(({ seed, imageIndex }) =>
    planImage(variant.policy, model.manifest.grid, { seed, imageIndex: imageIndex ?? 0 }),
  );
  const costs = stepCosts(sizes, plans);
  const spent = { wall: 0, transformer: 0, head: 0, peakMemory: 0 };
  const run: StepCost[] = [];
  for (const step of spreadSteps(costs.length)) {
    if (spent.wall > 0 && spent.wall >= budget) break;
    const times = await timed(model, () => runStep(model, variant, drawing, plans, step));
    spent.wall += times.wall;
    spent.transformer += times.transformer;
    spent.head += times.head;
    spent.peakMemory = Math.max(spent.peakMemory, times.peakMemory);
    run.push(costs[step]!);
  }
  const times = (of: (cost: StepCost) => number): number => total(costs, of) / total(run, of);
  const transformer = spent.transformer * times(({ flops }) => flops);
  const head = spent.head * times(({ tokenSteps }) => tokenSteps);
  const rest = ((spent.wall - spent.transformer - spent.head) * costs.length) / run.length;
  return {
    wall: transformer + head + rest,
    transformer,
    head,
    peakMemory: spent.peakMemory,
    stepsRun: run.length,
    steps: costs.length,
  };
}

/** All steps, the middle one first, then those halfway between, and so on. */
export function spreadSteps(count: number): number[] {
  const steps = new Set<number>();
  for (let parts = 2; steps.size < count; parts *= 2) {
    for (let part = 1; part < parts; part += 2) steps.add(Math.floor((part / parts) * count));
  }
  return [...steps];
}

/** Carries out one step of each image's plan, the ones before it taken as done. */
async function runStep(
  model: TimedModel,
  variant: BenchVariant,
  drawing: Drawing,
  plans: readonly (readonly StepPlan[])[],
  step: number,
): Promise<void> {
  const starts = plans.map((plan) => startOf(model, plan.slice(0, step), drawing.seed));
  const policy: SamplingPolicy<number> = {
    name: variant.name,
    init: ({ known }) => starts.findIndex((start) => start.known.every((value, i) => value === known[i])),
    step: (image) => [plans[image]![step]!, image],
    ...(variant.policy.refinements ? { refinements: variant.policy.refinements } : {}),
  };
  const requests = requestsOf(model, drawing).map((request, i) => ({ ...request, start: starts[i]! }));
  for await (const event of generate({ ...samplingOf(model, variant), requests, policy })) {
    if (event.type === 'step-end') return;
  }
}

/** Random tokens where these plans decode some. */
function startOf(model: TimedModel, done: readonly StepPlan[], seed: number): TokenGrid {
  const grid = emptyGrid(model.manifest.grid);
  keyedNoise({ seed }).fork('start').normal(grid.tokens);
  for (const { positions } of done) for (const position of positions) grid.known[position] = 1;
  return grid;
}

/** What each step costs all images, in one pass of the transformer. */
function stepCosts(sizes: TransformerSizes, plans: readonly (readonly StepPlan[])[]): StepCost[] {
  const costs: { flops: number; tokenSteps: number }[] = [];
  for (const plan of plans) {
    let visible = 0;
    for (const [step, { positions, diffusionSteps }] of plan.entries()) {
      costs[step] ??= { flops: 0, tokenSteps: 0 };
      costs[step].flops += transformerFlops(sizes, { visible, targets: positions.length });
      costs[step].tokenSteps += total(diffusionSteps, (steps) => steps);
      visible += positions.length;
    }
  }
  return costs;
}
