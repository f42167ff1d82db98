import {
  annealedSteps,
  halton,
  type OrderedOptions,
  randomOrder,
  raster,
  type SamplingPolicy,
  subsample,
} from '@tessera/core';
import { type GtrOptions, gtr } from '@tessera/gtr';
import * as v from 'valibot';

const count = v.pipe(v.number(), v.integer(), v.minValue(1));

const ordered = v.strictObject({
  order: v.picklist(['random', 'raster', 'subsample', 'halton']),
  /** K: sampling steps. */
  steps: count,
  /** Of every token: a number, or falling from step to step (DiSA). */
  diffusionSteps: v.union([
    count,
    v.strictObject({ from: count, to: count, shape: v.picklist(['linear', 'cosine', 'two-stage']) }),
  ]),
});

const generationThenReconstruction = v.strictObject({
  order: v.literal('gtr'),
  /** Sampling steps of each subset. */
  steps: v.pipe(v.array(count), v.minLength(1)),
  subsets: v.picklist(['diagonal', 'quincunx']),
  parity: v.picklist([0, 1]),
  /** T_max, T_min, T_rec. */
  maxSteps: count,
  minSteps: count,
  reconstructionSteps: count,
  /** FTS in the reconstruction stage. */
  frequencyWeighted: v.union([
    v.literal(false),
    v.strictObject({ ratio: v.pipe(v.number(), v.minValue(0), v.maxValue(1)), detailSteps: count }),
  ]),
});

export const policySchema = v.variant('order', [ordered, generationThenReconstruction]);

/** A policy as plain data with nothing left to a default, as a recipe holds it. */
export type PolicyDescription = v.InferOutput<typeof policySchema>;

type OrderName = v.InferOutput<typeof ordered>['order'];

const ORDERS: Readonly<Record<OrderName, (options: OrderedOptions) => SamplingPolicy>> = {
  random: randomOrder,
  raster,
  subsample,
  halton,
};

/** The policy that a description stands for. */
export function policyFrom(description: PolicyDescription): SamplingPolicy {
  if (description.order === 'gtr') {
    const { order: _, ...options } = description;
    return gtr(options satisfies GtrOptions);
  }
  const { order, steps, diffusionSteps } = description;
  return ORDERS[order]({
    steps,
    diffusionSteps: typeof diffusionSteps === 'number' ? diffusionSteps : annealedSteps(diffusionSteps),
  });
}
