import type { SamplingDefaults } from '@tessera/core/model';
import { guidanceFrom } from './guidance-description.js';
import type { Manifest } from './manifest.js';

/** What `generate` uses for a model where its caller says nothing. */
export function samplingDefaults({ sampling }: Manifest): SamplingDefaults {
  const { temperature, clamp } = sampling;
  return {
    guidance: guidanceFrom(sampling.guidance),
    temperature,
    ...(clamp === undefined ? {} : { clamp }),
  };
}
