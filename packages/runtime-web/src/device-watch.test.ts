import { TesseraError } from '@tessera/core';
import { DeviceUnavailableError } from '@tessera/onnx';
import { expect, it } from 'vitest';
import { DeviceWatch } from './device-watch.js';
import { DeviceLostError } from './devices.js';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function watched() {
  let lose: (info: { reason: string; message: string }) => void = () => {};
  const watch = new DeviceWatch({
    lost: new Promise((resolve) => {
      lose = resolve;
    }),
  });
  return { watch, lose: () => lose({ reason: 'unknown', message: 'driver restarted' }) };
}

it('gives results and errors through as long as the GPU is there', async () => {
  const { watch } = watched();
  expect(await watch.guard(async () => 7, turn)).toBe(7);
  await expect(watch.guard(() => Promise.reject(new Error('own')), turn)).rejects.toThrow('own');
});

it('ends calls that would never return', async () => {
  const { watch, lose } = watched();
  const hanging = watch.guard(() => new Promise(() => {}), turn);
  lose();
  await expect(hanging).rejects.toMatchObject({
    code: 'device-lost',
    message: expect.stringMatching(/driver restarted.*Load the model again/),
  });
});

it('does not trust what is computed while the GPU is lost, nor call it again', async () => {
  const { watch, lose } = watched();
  const zeros = watch.guard(async () => {
    lose();
    return 0;
  }, turn);
  await expect(zeros).rejects.toBeInstanceOf(DeviceLostError);
  let called = false;
  const later = watch.guard(async () => {
    called = true;
  }, turn);
  await expect(later).rejects.toBeInstanceOf(DeviceLostError);
  expect(called).toBe(false);
});

it('makes errors that are recognised after they came from a worker', () => {
  const arrived = new TesseraError('device-lost', 'lost');
  expect(DeviceLostError.isInstance(arrived)).toBe(true);
  expect(DeviceUnavailableError.isInstance(arrived)).toBe(false);
  expect(DeviceLostError.isInstance(new Error('device-lost'))).toBe(false);
});
