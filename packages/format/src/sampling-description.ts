import {
  ancestralSampler,
  ddimSampler,
  dpmSolverSampler,
  type GuidanceSchedule,
  type SamplingPolicy,
} from '@tessera/core';
import type { CoefficientsSampler } from '@tessera/core/diffusion';
import type { Clamp } from '@tessera/core/model';
import * as v from 'valibot';
import { guidanceFrom, guidanceSchema } from './guidance-description.js';
import { policyFrom, policySchema } from './policy-description.js';

const scale = v.pipe(v.number(), v.finite(), v.minValue(0));

const fraction = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

const timestep = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(999));

export const samplingSchema = v.strictObject({
  policy: policySchema,
  guidance: guidanceSchema,
  temperature: scale,
  /** Limits of x0, of all channels or each. */
  clamp: v.union([v.null(), scale, v.pipe(v.array(scale), v.minLength(1))]),
  /** Of the diffusion head. Timesteps above `maxTimestep` are moved down to it. */
  sampler: v.variant('name', [
    v.strictObject({ name: v.literal('ancestral'), maxTimestep: timestep }),
    v.strictObject({ name: v.literal('ddim'), maxTimestep: timestep, eta: fraction }),
    v.strictObject({
      name: v.picklist(['dpm', 'dpm-sde']),
      minLogSnr: v.pipe(v.number(), v.minValue(-10), v.maxValue(0)),
      order: v.picklist([1, 2]),
    }),
  ]),
});

/** All choices that decide a picture besides model, class, seed and index. Nothing is left to a default. */
export type SamplingDescription = v.InferOutput<typeof samplingSchema>;
export type SamplerDescription = SamplingDescription['sampler'];

/** All of them but the policy. */
export type SettingsDescription = Omit<SamplingDescription, 'policy'>;

/** What core's `generate` takes. */
export interface Sampling {
  readonly policy: SamplingPolicy;
  readonly guidance: GuidanceSchedule;
  readonly temperature: number;
  readonly clamp: Clamp | null;
  readonly sampler: CoefficientsSampler;
}

/**
 * The choices as functions.
 *
 * @throws InvalidOptionError where a number is out of its function's range
 */
export function samplingFrom(description: SamplingDescription): Sampling {
  return { policy: policyFrom(description.policy), ...settingsFrom(description) };
}

/** The same for a policy that is not plain data. */
export function settingsFrom({
  guidance,
  temperature,
  clamp,
  sampler,
}: SettingsDescription): Omit<Sampling, 'policy'> {
  return { guidance: guidanceFrom(guidance), temperature, clamp, sampler: samplerFrom(sampler) };
}

function samplerFrom(description: SamplerDescription): CoefficientsSampler {
  switch (description.name) {
    case 'ancestral':
      return ancestralSampler(description);
    case 'ddim':
      return ddimSampler(description);
    case 'dpm':
    case 'dpm-sde':
      return dpmSolverSampler({ ...description, stochastic: description.name === 'dpm-sde' });
  }
}
