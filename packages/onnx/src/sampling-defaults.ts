import {
  constantGuidance,
  type GuidanceSchedule,
  intervalGuidance,
  linearGuidance,
  type SamplingDefaults,
} from '@tessera/core';
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

/** The schedule that a manifest or a recipe describes. */
export function guidanceFrom(description: Manifest['sampling']['guidance']): GuidanceSchedule {
  switch (description.schedule) {
    case 'constant':
      return constantGuidance(description.scale);
    case 'linear':
      return linearGuidance(description.scale);
    case 'interval':
      return intervalGuidance(description);
  }
}
