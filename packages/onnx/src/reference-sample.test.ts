import { proxyModel } from '@tessera/core/model';
import { fakeModel } from '@tessera/core/testing';
import { expect, it } from 'vitest';
import { assertReferenceSample, recordReferenceSample, verifyReferenceSample } from './reference-sample.js';

const model = () => fakeModel({ shape: { height: 4, width: 4, channels: 3 } });

it('a model reproduces the sample that was recorded of it', async () => {
  const json = JSON.stringify(await recordReferenceSample(model()));
  const report = await verifyReferenceSample(model(), JSON.parse(json));
  expect(report.passed).toBe(true);
  await assertReferenceSample(model(), json);
});

it('a model of flow matching reproduces the sample too', async () => {
  const flow = { prediction: 'velocity', trainSteps: 1000 } as const;
  const fake = () => fakeModel({ shape: { height: 4, width: 4, channels: 3 }, diffusion: flow });
  const sample = await recordReferenceSample(fake());
  expect((await verifyReferenceSample(fake(), sample)).passed).toBe(true);
});

it('what differs is named, with how far it is off and what is allowed', async () => {
  const sample = await recordReferenceSample(model());
  sample.z[2]! += 0.5;
  const json = JSON.stringify({ ...sample, tokens: sample.tokens.slice(1) });
  expect((await verifyReferenceSample(model(), JSON.parse(json))).passed).toBe(false);
  await expect(assertReferenceSample(model(), json)).rejects.toThrow(
    'it computes this model wrong: z off by 0.50 where 0.002 is allowed, tokens off by Infinity where 0.02 is allowed.',
  );
});

it('rounding to integers may differ by more between devices than float32 may', async () => {
  const sample = await recordReferenceSample(model());
  sample.z[2]! += 0.05;
  expect((await verifyReferenceSample(model(), sample, 'fp16')).passed).toBe(false);
  expect((await verifyReferenceSample(model(), sample, 'int8')).passed).toBe(true);
});

it('what it was conditioned on is released, also where sampling fails', async () => {
  const fake = model();
  let released = 0;
  const failing = proxyModel(fake, {
    condition: async (request) =>
      (await fake.condition(request)).map((rows) => proxyModel(rows, { release: () => void released++ })),
    sampleTokens: () => Promise.reject(new Error('lost')),
  });
  await expect(recordReferenceSample(failing)).rejects.toThrow('lost');
  expect(released).toBe(1);
});

it('what is no sample is refused', async () => {
  await expect(verifyReferenceSample(model(), { version: 2 })).rejects.toMatchObject({
    code: 'reference-sample',
  });
});
