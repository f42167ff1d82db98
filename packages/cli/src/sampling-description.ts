import {
  ancestralSampler,
  type Clamp,
  type DiffusionSampler,
  ddimSampler,
  dpmSolverSampler,
  type GuidanceSchedule,
  type SamplingPolicy,
} from '@tessera/core';
import { guidanceFrom } from '@tessera/onnx';
import * as v from 'valibot';
import { policyFrom, policySchema } from './policy-description.js';

const scale = v.pipe(v.number(), v.finite(), v.minValue(0));

const timestep = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(999));

export const samplingSchema = v.strictObject({
  policy: policySchema,
  guidance: v.variant('schedule', [
    v.strictObject({ schedule: v.literal('constant'), scale }),
    v.strictObject({ schedule: v.literal('linear'), scale }),
    v.strictObject({ schedule: v.literal('interval'), scale, above: scale, upTo: scale }),
  ]),
  temperature: scale,
  /** Limits of x0, of all channels or each. */
  clamp: v.union([v.null(), scale, v.array(scale)]),
  /** Of the diffusion head. Timesteps above `maxTimestep` are moved down to it. */
  sampler: v.variant('name', [
    v.strictObject({ name: v.literal('ancestral'), maxTimestep: timestep }),
    v.strictObject({ name: v.literal('ddim'), maxTimestep: timestep, eta: scale }),
    v.strictObject({ name: v.literal('dpm'), minLogSnr: v.number(), order: v.picklist([1, 2]) }),
  ]),
});

/** All choices that decide a picture besides model, class, seed and index. Nothing is left to a default. */
export type SamplingDescription = v.InferOutput<typeof samplingSchema>;
export type GuidanceDescription = SamplingDescription['guidance'];
export type SamplerDescription = SamplingDescription['sampler'];

function samplerFrom(description: SamplerDescription): DiffusionSampler {
  switch (description.name) {
    case 'ancestral':
      return ancestralSampler(description);
    case 'ddim':
      return ddimSampler(description);
    case 'dpm':
      return dpmSolverSampler(description);
  }
}

/** What core's `generate` takes. */
export interface Sampling {
  readonly policy: SamplingPolicy;
  readonly guidance: GuidanceSchedule;
  readonly temperature: number;
  readonly clamp: Clamp | null;
  readonly sampler: DiffusionSampler;
}

/** The choices as functions. */
export function samplingFrom(description: SamplingDescription): Sampling {
  const { policy, guidance, temperature, clamp, sampler } = description;
  return {
    policy: policyFrom(policy),
    guidance: guidanceFrom(guidance),
    temperature,
    clamp,
    sampler: samplerFrom(sampler),
  };
}
