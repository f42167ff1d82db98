import { constantGuidance, type GuidanceSchedule, intervalGuidance, linearGuidance } from '@tessera/core';
import * as v from 'valibot';

const scale = v.pipe(v.number(), v.finite(), v.minValue(0));
/** Of all tokens. */
const fraction = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

const interval = v.pipe(
  v.strictObject({ schedule: v.literal('interval'), scale, above: fraction, upTo: fraction }),
  v.forward(
    v.check(({ above, upTo }) => above < upTo, 'must be less than upTo'),
    ['above'],
  ),
);

/** A guidance schedule as plain data, as manifests and recipes hold it. */
export const guidanceSchema = v.variant('schedule', [
  v.strictObject({ schedule: v.literal('constant'), scale }),
  v.strictObject({ schedule: v.literal('linear'), scale }),
  interval,
]);

export type GuidanceDescription = v.InferOutput<typeof guidanceSchema>;

/** The schedule that a description stands for. */
export function guidanceFrom(description: GuidanceDescription): GuidanceSchedule {
  switch (description.schedule) {
    case 'constant':
      return constantGuidance(description.scale);
    case 'linear':
      return linearGuidance(description.scale);
    case 'interval':
      return intervalGuidance(description);
  }
}
