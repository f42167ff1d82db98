import {
  betaNoiseSchedule,
  type DiffusionProcess,
  linearNoiseSchedule,
  marDiffusion,
} from '@tessera/core/diffusion';
import * as v from 'valibot';

const beta = v.pipe(v.number(), v.gtValue(0), v.ltValue(1));
const trainSteps = v.pipe(v.number(), v.integer(), v.minValue(2));
/** Heads that predict ε learn its variance. */
const variance = v.literal('learned-range');

/** A head's diffusion process as plain data, as manifests hold it. */
export const diffusionSchema = v.variant('schedule', [
  v.strictObject({ schedule: v.literal('cosine'), trainSteps: v.literal(1000), variance }),
  v.strictObject({ schedule: v.literal('linear'), trainSteps, betaStart: beta, betaEnd: beta, variance }),
  v.strictObject({ schedule: v.literal('betas'), betas: v.pipe(v.array(beta), v.minLength(2)), variance }),
  /** Flow matching: the head predicts the velocity. */
  v.strictObject({
    schedule: v.literal('flow'),
    trainSteps,
    finalSigma: v.optional(v.pipe(v.number(), v.minValue(0), v.ltValue(1))),
    wholeTimesteps: v.optional(
      v.union([v.literal('all'), v.array(v.pipe(v.number(), v.integer(), v.minValue(1)))]),
    ),
  }),
]);

export type DiffusionDescription = v.InferOutput<typeof diffusionSchema>;

/** The process of MAR's head, that of manifests which name none. */
export const MAR_DIFFUSION: DiffusionDescription = {
  schedule: 'cosine',
  trainSteps: 1000,
  variance: 'learned-range',
};

/**
 * The process that a description stands for.
 *
 * @throws InvalidOptionError where β are no noise schedule
 */
export function diffusionFrom(description: DiffusionDescription): DiffusionProcess {
  switch (description.schedule) {
    case 'cosine':
      return marDiffusion();
    case 'linear':
      return { prediction: 'epsilon', schedule: linearNoiseSchedule(description) };
    case 'betas':
      return { prediction: 'epsilon', schedule: betaNoiseSchedule(description.betas) };
    case 'flow': {
      const { schedule, finalSigma, wholeTimesteps, ...flow } = description;
      return {
        prediction: 'velocity',
        ...flow,
        ...(finalSigma === undefined ? {} : { finalSigma }),
        ...(wholeTimesteps === undefined ? {} : { wholeTimesteps }),
      };
    }
  }
}
