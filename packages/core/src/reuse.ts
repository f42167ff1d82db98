import type { ConditionRows } from './condition-rows.js';
import { TesseraError } from './errors.js';
import type { GuidanceContext } from './guidance.js';

/** What a step may take from earlier ones of its image instead of computing it. */
export interface StepReuse {
  /**
   * Whether the transformer computes everything, for later steps to take from. A step does so anyway where there is nothing
   * to take: the first one, the first guided one, and one after a step that remasked tokens.
   */
  readonly refresh: boolean;
  /**
   * Whether a guided step makes no unconditional pass: its unconditional z is the conditional one and the difference between
   * the two at the last refresh.
   */
  readonly guidance: boolean;
  /** Whether the transformer takes keys and values of earlier steps; and how many rows of its decoder go on. */
  readonly tokens?: TokenReuse;
  /** Whether the head takes what its blocks gave at earlier diffusion steps. */
  readonly head?: HeadReuse;
}

/**
 * How many of the decoder's N rows (class and grid) are computed behind the block that the model's caches are cut at:
 * min(N, max(step's tokens + those of the step before + `extraRows`, ⌊N · `keptShare`⌋)), those that changed most.
 */
export interface TokenReuse {
  /** 0 … 1. */
  readonly keptShare: number;
  readonly extraRows: number;
}

/** Of S diffusion steps, i = S − 1 … 0, those with i = S − 1 or i mod `interval` = 0 run the whole head. */
export interface HeadReuse {
  readonly interval: number;
  /** Beyond this share of S, i > S · `warmUp`, the outer blocks run at each step. */
  readonly warmUp: number;
}

/** How much of the head a diffusion step runs: all blocks and both halves; the outer blocks of the conditional half; none. */
export type HeadEffort = 'full' | 'outer' | 'none';

/**
 * @param index of the step, from 0, noisiest first
 * @param steps S
 */
export function headEffort(reuse: HeadReuse | undefined, index: number, steps: number): HeadEffort {
  const i = steps - 1 - index;
  if (!reuse || index === 0 || i % reuse.interval === 0) return 'full';
  return i > reuse.warmUp * steps ? 'outer' : 'none';
}

/** Where a step stands in its image. */
export interface ReuseContext extends GuidanceContext {
  /** From 0. */
  readonly step: number;
  /** Steps of the image in all, if the policy knows. */
  readonly steps: number | undefined;
  /** Of the step's plan. */
  readonly stage: string;
  /** Of the step before; undefined at the first. */
  readonly previousStage: string | undefined;
}

/** How much anew: what each step may take from earlier ones; a pure function. */
export type ReuseSchedule = (step: ReuseContext) => StepReuse;

/** What a model is told of an image of a run that reuses. */
export interface ConditionReuse extends Omit<StepReuse, 'head'> {
  /**
   * What `condition` returned for the image at the step before, not released yet; its caches go with it. Absent at the first
   * step, which refreshes.
   */
  readonly previous?: ConditionRows;
}

/** What a model can take from earlier steps. */
export interface ReuseAbilities {
  readonly guidance: boolean;
  readonly tokens: boolean;
  readonly head: boolean;
}

/** @throws TesseraError `reuse-unsupported` where a model can't do what a step is to take from earlier ones */
export function assertReuse(reuses: ReuseAbilities | undefined, { guidance, tokens, head }: StepReuse): void {
  const missing = [
    ...(guidance && !reuses?.guidance ? ['guidance'] : []),
    ...(tokens && !reuses?.tokens ? ["the transformer's keys and values"] : []),
    ...(head && !reuses?.head ? ["the head's blocks"] : []),
  ];
  if (missing.length > 0)
    throw new TesseraError(
      'reuse-unsupported',
      `The model keeps no caches of ${missing.join(' and ')}. Convert its checkpoint with \`tessera convert --cached\`, or ` +
        'draw without reuse.',
    );
}
