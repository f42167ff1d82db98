import {
  annealedSteps,
  halton,
  type OrderedOptions,
  randomOrder,
  raster,
  type SamplingPolicy,
  subsample,
} from '@tessera/core';
import { gtr } from '@tessera/gtr';

/** A policy as plain data with nothing left to a default: the `policy` of a recipe. */
export type PolicyDescription = OrderedDescription | GtrDescription;

export interface OrderedDescription {
  readonly order: 'random' | 'raster' | 'subsample' | 'halton';
  readonly steps: number;
  readonly diffusionSteps: number | { readonly from: number; readonly to: number; readonly shape: 'linear' };
}

export interface GtrDescription {
  readonly order: 'gtr';
  readonly steps: readonly number[];
  readonly subsets: 'diagonal' | 'quincunx';
  readonly parity: 0 | 1;
  readonly maxSteps: number;
  readonly minSteps: number;
  readonly reconstructionSteps: number;
  readonly frequencyWeighted: false | { readonly ratio: number; readonly detailSteps: number };
}

const ORDERS: Readonly<Record<OrderedDescription['order'], (options: OrderedOptions) => SamplingPolicy>> = {
  random: randomOrder,
  raster,
  subsample,
  halton,
};

/** The policy that a description stands for. */
export function policyFrom(description: PolicyDescription): SamplingPolicy {
  if (description.order === 'gtr') {
    const { order: _, ...options } = description;
    return gtr(options);
  }
  const { order, steps, diffusionSteps } = description;
  return ORDERS[order]({
    steps,
    diffusionSteps: typeof diffusionSteps === 'number' ? diffusionSteps : annealedSteps(diffusionSteps),
  });
}
