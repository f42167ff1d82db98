import type { ImageMask, ImageRgb, TokenGrid } from '@tessera/core';
import type { ImageStep, PlannedStep } from '@tessera/core/model';
import type { LoadedModel } from '@tessera/runtime-web';

/** What one step did, and what the picture looked like after it. Plain data: it may come from a worker. */
export interface StepRecord {
  readonly index: number;
  /** All steps of the run, where the policy knows. */
  readonly stepsInAll?: number;
  /** Tokens that the run draws in all. */
  readonly tokensInAll: number;
  readonly stage: string;
  /** [n], ascending. */
  readonly positions: Uint32Array;
  /** Positions that are masked again after the step, to be drawn anew. */
  readonly remasked: Uint32Array;
  /** [n], as carried out. */
  readonly diffusionSteps: Uint16Array;
  /** Positions whose diffusion steps a refinement has raised: those that FTS chose. */
  readonly chosen: Uint32Array;
  readonly guidanceScale: number;
  /** Without the making of the preview. */
  readonly milliseconds: number;
  /** Passes of the transformer, 2 if guided. */
  readonly passes: number;
  /** Tokens × evaluations of the sampler, twice if guided. */
  readonly headEvaluations: number;
  /** The picture so far; what it shows at masked positions carries no meaning. */
  readonly picture: ImageRgb;
}

/** How a run ended. */
export interface FinishedRun {
  readonly image: ImageRgb;
  /** Undefined where only the picture was kept. */
  readonly grid?: TokenGrid;
  /** Of an edit: 255 where a pixel was drawn anew. */
  readonly repainted?: ImageMask;
  /** Added by the session that began it; the sandbox does not know it. */
  readonly environment?: Environment;
}

/** The model that made a picture, and where it ran. */
export type Environment = Pick<LoadedModel, 'manifest' | 'device' | 'dtype' | 'precision'>;

/** A run as it goes: a record a step, and the finished picture at its end. */
export type Run = AsyncGenerator<StepRecord, FinishedRun, undefined>;

/** Positions that got more diffusion steps than they were planned. Both steps name positions in ascending order. */
export function raisedPositions(planned: PlannedStep, carriedOut: ImageStep): Uint32Array {
  const before = new Map(Array.from(planned.plan.positions, (p, i) => [p, planned.plan.diffusionSteps[i]!]));
  return carriedOut.plan.positions.filter((p, i) => carriedOut.plan.diffusionSteps[i]! > before.get(p)!);
}

export interface RunTotals {
  readonly steps: number;
  /** Known after the last of the steps and not before the first. */
  readonly tokens: number;
  readonly milliseconds: number;
  readonly headEvaluations: number;
}

export function totals(steps: readonly StepRecord[]): RunTotals {
  const sum = (of: (step: StepRecord) => number): number => steps.reduce((all, step) => all + of(step), 0);
  return {
    steps: steps.length,
    tokens: sum(({ positions, remasked }) => positions.length - remasked.length),
    milliseconds: sum((step) => step.milliseconds),
    headEvaluations: sum((step) => step.headEvaluations),
  };
}
