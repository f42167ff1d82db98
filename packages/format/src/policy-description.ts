import {
  annealedDiffusionSteps,
  cosineMaskSchedule,
  evenMaskSchedule,
  halton,
  haltonMaskSchedule,
  type MaskSchedule,
  randomOrder,
  raster,
  type SamplingPolicy,
  subsample,
} from '@tessera/core';
import { MAX_DIFFUSION_STEPS, type OrderedOptions } from '@tessera/core/model';
import { bisectedOrder, type GtrOptions, gtr, MAX_STAGES } from '@tessera/gtr';
import * as v from 'valibot';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

const diffusionCount = v.pipe(count, v.maxValue(MAX_DIFFUSION_STEPS));

/** T_detail where nobody says it: 50, and no fewer than every other token of the stage gets. */
export const usualDetailSteps = (reconstructionSteps: number): number => Math.max(50, reconstructionSteps);

const COUNTS = {
  cosine: cosineMaskSchedule,
  halton: haltonMaskSchedule,
  even: evenMaskSchedule,
} as const satisfies Readonly<Record<string, MaskSchedule>>;

/** How many tokens each step decodes. */
export type CountsName = keyof typeof COUNTS;

/** @param counts what recipes of version 1, which say nothing of it, meant */
function pace<Default extends CountsName>(counts: Default) {
  return {
    /** K: sampling steps. */
    steps: count,
    /** Tokens per step. */
    counts: v.optional(v.picklist(['cosine', 'halton', 'even']), counts),
    /** Of every token: a number, or falling from step to step (DiSA). */
    diffusionSteps: v.union([
      diffusionCount,
      v.strictObject({
        from: diffusionCount,
        to: diffusionCount,
        shape: v.picklist(['linear', 'cosine', 'two-stage']),
      }),
    ]),
  };
}

const ordered = v.strictObject({
  /** `diagonal` and `quincunx` are GtR's orders. */
  order: v.picklist(['random', 'raster', 'subsample', 'diagonal', 'quincunx']),
  ...pace('cosine'),
});

const haltonOrdered = v.strictObject({ order: v.literal('halton'), ...pace('halton') });

const generationThenReconstruction = v.strictObject({
  order: v.literal('gtr'),
  /** Sampling steps of each subset. */
  steps: v.pipe(v.array(count), v.minLength(1), v.maxLength(MAX_STAGES)),
  /** `random` has GtR's pace and not its order. */
  subsets: v.picklist(['diagonal', 'quincunx', 'random']),
  parity: v.picklist([0, 1]),
  /** T_max, T_min, T_rec. */
  maxSteps: diffusionCount,
  minSteps: diffusionCount,
  reconstructionSteps: diffusionCount,
  /** FTS in the reconstruction stage. */
  frequencyWeighted: v.union([
    v.literal(false),
    v.strictObject({
      ratio: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
      detailSteps: diffusionCount,
      /** Absent from recipes of version 1, which meant the method itself. */
      choose: v.optional(v.picklist(['high', 'low', 'random', 'all']), 'high'),
    }),
  ]),
});

export const policySchema = v.variant('order', [ordered, haltonOrdered, generationThenReconstruction]);

/** A policy as plain data with nothing left to a default, as a recipe holds it. */
export type PolicyDescription = v.InferOutput<typeof policySchema>;

/** A policy whose order, tokens per step and diffusion steps are chosen freely. */
export type OrderedDescription = Exclude<PolicyDescription, { order: 'gtr' }>;

/** Generation, then reconstruction. */
export type GtrDescription = Extract<PolicyDescription, { order: 'gtr' }>;

const ORDERS: Readonly<Record<OrderedDescription['order'], (options: OrderedOptions) => SamplingPolicy>> = {
  random: randomOrder,
  raster,
  subsample,
  halton,
  diagonal: (options) => bisectedOrder({ ...options, subsets: 'diagonal' }),
  quincunx: (options) => bisectedOrder({ ...options, subsets: 'quincunx' }),
};

/**
 * The policy that a description stands for.
 *
 * @throws InvalidOptionError where its numbers are more than a plan can hold
 */
export function policyFrom(description: PolicyDescription): SamplingPolicy {
  if (description.order === 'gtr') {
    const { steps, subsets, parity, maxSteps, minSteps, reconstructionSteps } = description;
    return gtr({
      stepsPerStage: steps,
      subsets,
      firstColour: parity,
      maxDiffusionSteps: maxSteps,
      minDiffusionSteps: minSteps,
      reconstructionDiffusionSteps: reconstructionSteps,
      frequencyWeighted: selectionFrom(description),
    });
  }
  const { order, steps, counts, diffusionSteps } = description;
  return ORDERS[order]({
    steps,
    maskSchedule: COUNTS[counts],
    diffusionSteps:
      typeof diffusionSteps === 'number' ? diffusionSteps : annealedDiffusionSteps(diffusionSteps),
  });
}

function selectionFrom({ frequencyWeighted }: GtrDescription): NonNullable<GtrOptions['frequencyWeighted']> {
  if (!frequencyWeighted) return false;
  const { detailSteps, ...rest } = frequencyWeighted;
  return { ...rest, detailDiffusionSteps: detailSteps };
}
