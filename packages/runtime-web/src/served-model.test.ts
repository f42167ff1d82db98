import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { emptyGrid, proxyModel } from '@tessera/core/model';
import { fakeModel } from '@tessera/core/testing';
import { type MarModel, type Port, RemoteModel, serveModel } from '@tessera/onnx';
import { expect, it } from 'vitest';
import { DeviceWatch } from './device-watch.js';
import { servedModel } from './served-model.js';

const shape = { height: 4, width: 4, channels: 4 };
const portOf = (port: MessagePort): Port => ({
  send: (message) => port.postMessage(message),
  listen: (listener) => port.on('message', listener).unref(),
});

/** A model whose GPU can be lost, and whose conditions are then read for ever. */
function remote() {
  const fake = fakeModel({ shape });
  let lose = (_: { reason: string; message: string }): void => {};
  const watch = new DeviceWatch({
    lost: new Promise((resolve) => {
      lose = resolve;
    }),
  });
  const model = {
    condition: async (request: Parameters<typeof fake.condition>[0]) =>
      (await fake.condition(request)).map((rows, i) =>
        i === 0 ? proxyModel(rows, { readAll: () => new Promise<Float32Array>(() => {}) }) : rows,
      ),
  } as unknown as MarModel;
  const turns = { yieldToEventLoop: () => new Promise<void>((resolve) => setImmediate(resolve)) };
  const { port1, port2 } = new MessageChannel();
  serveModel(portOf(port2), servedModel(model, turns, watch));
  const near = new RemoteModel(portOf(port1), {
    grid: shape,
    latents: { patchSize: 1, stride: 1 },
    variants: [],
    diffusion: { schedule: 'cosine', trainSteps: 1000, variance: 'learned-range' },
    sampling: { guidance: { schedule: 'constant', scale: 1 }, temperature: 1 },
  } as never);
  return { model: near, lose: () => lose({ reason: 'unknown', message: 'driver restarted' }) };
}

const image = {
  grid: emptyGrid(shape),
  positions: Uint32Array.of(0),
  input: { classLabel: 0 },
  guided: true,
};

it('ends a read of conditions too when the GPU is lost', async () => {
  const { model, lose } = remote();
  const [hanging, readable, unread] = await model.condition({ batch: [image, image, image] });
  const reading = hanging!.read();
  expect(await readable!.readUnconditional()).not.toHaveLength(0);
  lose();
  await expect(reading).rejects.toMatchObject({ code: 'device-lost' });
  await expect(unread!.readUnconditional()).rejects.toMatchObject({ code: 'device-lost' });
});

it('begins a read before the release that follows it', async () => {
  const { model } = remote();
  const [, held] = await model.condition({ batch: [image, image] });
  const reading = held!.readUnconditional();
  held!.release();
  expect(await reading).not.toHaveLength(0);
});
