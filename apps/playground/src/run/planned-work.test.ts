import { constantGuidance, generateImages, intervalGuidance, randomOrder } from '@tessera/core';
import { samplingWork } from '@tessera/core/model';
import { fakeModel } from '@tessera/core/testing';
import { expect, it } from 'vitest';
import { plannedWork } from './planned-work.js';

it.each([
  ['unguided', constantGuidance(1)],
  ['guided', constantGuidance(3)],
  ['guided in an interval', intervalGuidance({ scale: 3, upTo: 0.5 })],
])('is what the run then does, %s', async (_, guidance) => {
  const shape = { height: 8, width: 8, channels: 2 };
  const policy = randomOrder({ steps: 16, diffusionSteps: 5 });
  const [image] = await generateImages({
    model: fakeModel({ shape }),
    policy,
    guidance,
    requests: [{ seed: 3, imageIndex: 2, input: { classLabel: 0 } }],
  });
  const { passes, headEvaluations } = samplingWork(image!.steps);
  const planned = plannedWork({ policy, guidance }, shape, { seed: 3, imageIndex: 2 });
  expect(planned).toEqual({ steps: 16, passes, headEvaluations });
});
