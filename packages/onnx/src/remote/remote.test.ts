import { MessageChannel, type MessagePort } from 'node:worker_threads';
import {
  ddimSampler,
  generateImages,
  keyedNoise,
  type ModelInput,
  randomOrder,
  raster,
  TesseraError,
  type TokenGrid,
} from '@tessera/core';
import { functionSampler } from '@tessera/core/diffusion';
import {
  type ClassInput,
  type ConditionRequest,
  emptyGrid,
  ModelDisposedError,
  NonFiniteError,
  proxyModel,
  replayNoise,
} from '@tessera/core/model';
import { fakeModel } from '@tessera/core/testing';
import { describeModel } from '@tessera/core/testing/suites';
import { exampleManifest } from '@tessera/format/testing';
import { describe, expect, it } from 'vitest';
import { RemoteModel } from './connect.js';
import type { Port } from './port.js';
import { packError, unpackError } from './remote-error.js';
import { type ServedModel, type Serving, serveModel } from './serve.js';

const shape = exampleManifest().grid;
/** A fake model takes classes alone. */
const ofClasses = (request: ConditionRequest<ModelInput>) => request as ConditionRequest<ClassInput>;
const portOf = (port: MessagePort): Port => ({
  send: (message) => port.postMessage(message),
  listen: (listener) => port.on('message', listener).unref(),
});

/** A fake model behind a channel; `change` replaces calls of it. */
function remote(change: Partial<ServedModel> = {}): RemoteModel {
  return served(change).model;
}

function served(change: Partial<ServedModel>): { readonly model: RemoteModel; readonly serving: Serving } {
  const { port1, port2 } = new MessageChannel();
  const fake = fakeModel({ shape });
  const near: ServedModel = {
    condition: (request) => fake.condition(ofClasses(request)),
    async sampleTokens(request) {
      // As a session does, it lets messages in before it runs.
      await new Promise((resolve) => setImmediate(resolve));
      return fake.sampleTokens(request);
    },
    evaluateHead: (request) => fake.evaluateHead(request),
    decode: (grids, options) => fake.decode(grids, options),
    encode: async (pictures) =>
      pictures.map(() => ({ ...emptyGrid(shape), known: new Uint8Array(16).fill(1) })),
    runStatistics: async () => ({ decoder: { runs: fake.calls.decode, milliseconds: 0 } }),
    unknownWords: async () => [],
    dispose: () => fake.dispose(),
    ...change,
  };
  const serving = serveModel(portOf(port2), near);
  return { model: new RemoteModel(portOf(port1), exampleManifest()), serving };
}

describeModel('a fake model behind a channel', () => remote(), {
  inputs: [{ classLabel: 0 }, { classLabel: 1 }],
});

const policy = randomOrder({ steps: 3, diffusionSteps: 4 });
const requests = [{ seed: 1, input: { classLabel: 2 } }];

describe('a remote model', () => {
  it('draws what the model itself draws', async () => {
    const options = { requests, policy, guidance: () => 2, temperature: 1 };
    const near = await generateImages({ model: fakeModel({ shape }), ...options });
    const far = await generateImages({ model: remote(), ...options });
    expect(far[0]!.grid.tokens).toEqual(near[0]!.grid.tokens);
    expect(far[0]!.image).toEqual(near[0]!.image);
  });

  it('asks a recording for nothing that a sampler without noise does not need', async () => {
    const noise = () =>
      replayNoise((position, step, out) => {
        if (step > 0) throw new Error(`step ${step} was not recorded`);
        return out.fill(position / 16);
      });
    const given = {
      requests,
      policy: raster({ steps: 2, diffusionSteps: 4 }),
      sampler: ddimSampler(),
      noise,
    };
    const options = { ...given, guidance: () => 2, temperature: 1 };
    const near = await generateImages({ model: fakeModel({ shape }), ...options });
    const far = await generateImages({ model: remote(), ...options });
    expect(far[0]!.grid.tokens).toEqual(near[0]!.grid.tokens);
  });

  it('samples by a function what the model itself does, and sends no conditions', async () => {
    let read = 0;
    const sampler = functionSampler('two steps', async (x, evaluate) => {
      const { xStart, output } = await evaluate(x, 900);
      const next = xStart.map((start, i) => start + 0.1 * output[i]!);
      return (await evaluate(next, 100)).xStart;
    });
    const guidance = () => () => 2;
    const given = { policy: raster({ steps: 2, diffusionSteps: 4 }), sampler, guidance, temperature: 1 };
    const options = { requests: [{ seed: 1, input: { classLabel: 2 } }], ...given };
    const near = await generateImages({ model: fakeModel({ shape }), ...options });
    const far = remote({
      guard: (task) => {
        read++;
        return task();
      },
    });
    const [made] = await generateImages({ model: far, ...options });
    expect(made!.grid.tokens).toEqual(near[0]!.grid.tokens);
    expect(read).toBe(0);
  });

  it('takes its defaults from the manifest', () => {
    const { defaults } = remote();
    expect(defaults.temperature).toBe(1);
    expect(defaults.guidance!({ total: 16, maskedBefore: 9, maskedAfter: 8 })).toBe(2);
  });

  it('brings errors back with code, name and fields', async () => {
    const model = remote({ decode: () => Promise.reject(new NonFiniteError('The picture')) });
    const failure = await model.decode([emptyGrid(shape)]).catch((error: unknown) => error);
    expect(TesseraError.isInstance(failure)).toBe(true);
    expect(failure).toMatchObject({ code: 'non-finite', name: 'NonFiniteError', where: 'The picture' });
    expect(unpackError(packError(new RangeError('plain')))).toMatchObject({
      name: 'RangeError',
      message: 'plain',
    });
  });

  it('rejects what is under way and all that follows when the other end is gone', async () => {
    const model = remote({ decode: () => new Promise(() => {}) });
    const waiting = model.decode([emptyGrid(shape)]);
    model.close(new TesseraError('worker-ended', 'gone'));
    await expect(waiting).rejects.toMatchObject({ code: 'worker-ended' });
    await expect(model.runStatistics()).rejects.toMatchObject({ code: 'worker-ended' });
    await expect(model.dispose()).resolves.toBeUndefined();
  });

  it('is disposed of once, and whoever asks again is told when that is done', async () => {
    const ends: (() => void)[] = [];
    const model = remote({ dispose: () => new Promise((resolve) => ends.push(resolve)) });
    let ended = 0;
    const both = [model.dispose(), model.dispose()].map((end) => end.then(() => ended++));
    while (ends.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(0);
    ends[0]!();
    await Promise.all(both);
    expect(ends).toHaveLength(1);
  });

  it('reads conditions under the guard of what is served', async () => {
    const image = { grid: emptyGrid(shape), positions: Uint32Array.of(0), input: { classLabel: 0 } };
    let lost = false;
    const model = remote({
      guard: (read) => (lost ? Promise.reject(new TesseraError('device-lost', 'gone')) : read()),
    });
    const batch = [false, true].map((guided) => ({ ...image, guided }));
    const [held, other] = await model.condition({ batch });
    expect(await held!.read()).not.toHaveLength(0);
    lost = true;
    await expect(other!.read()).rejects.toMatchObject({ code: 'device-lost' });
    await expect(other!.readUnconditional()).rejects.toMatchObject({ code: 'device-lost' });
  });

  it('takes inputs, starts and options that are proxies, as reactive state is', async () => {
    const model = remote();
    const start = { ...emptyGrid(shape), shape: new Proxy(shape, {}) };
    const input = new Proxy({ classLabel: 1 }, {});
    const clamp = new Proxy(new Array<number>(shape.channels).fill(1), {});
    const draw = (request: { input: ClassInput; start?: TokenGrid }) =>
      generateImages({ model, policy, clamp, requests: [{ seed: 1, ...request }] });
    const [drawn] = await draw({ input, start });
    const [plain] = await draw({ input: { classLabel: 1 } });
    expect(drawn!.grid.tokens).toEqual(plain!.grid.tokens);
  });

  it('refuses the conditions of another model', async () => {
    const request = {
      batch: [
        { grid: emptyGrid(shape), positions: Uint32Array.of(0), input: { classLabel: 0 }, guided: false },
      ],
    };
    const [conditions] = await remote().condition(request);
    const tokens = remote().sampleTokens({
      batch: [
        {
          conditions: conditions!,
          rows: Uint32Array.of(0),
          positions: Uint32Array.of(0),
          guidanceScale: 1,
          noise: keyedNoise({ seed: 1 }),
        },
      ],
      coefficients: { name: 'none', steps: [] },
      temperature: 1,
    });
    await expect(tokens).rejects.toMatchObject({ code: 'foreign-conditions' });
  });

  it('rejects a call with the reason of its signal, and one made after disposal with a typed error', async () => {
    const controller = new AbortController();
    const model = remote({
      async decode(_, options) {
        while (!options?.signal?.aborted) await new Promise((resolve) => setImmediate(resolve));
        throw options.signal.reason;
      },
    });
    const stopped = model.decode([emptyGrid(shape)], { signal: controller.signal });
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(stopped).rejects.toBe(reason);
    await model.dispose();
    await expect(model.runStatistics()).rejects.toBeInstanceOf(ModelDisposedError);
  });

  it('passes a cancellation on where it is served from elsewhere itself', async () => {
    const far = remote({
      async decode(_, options) {
        while (!options?.signal?.aborted) await new Promise((resolve) => setImmediate(resolve));
        throw options.signal.reason;
      },
    });
    const { port1, port2 } = new MessageChannel();
    serveModel(portOf(port2), far);
    const near = new RemoteModel(portOf(port1), exampleManifest());
    const controller = new AbortController();
    const stopped = near.decode([emptyGrid(shape)], { signal: controller.signal });
    const reason = new Error('enough');
    setImmediate(() => controller.abort(reason));
    await expect(stopped).rejects.toBe(reason);
  });

  it('rejects a call that is stopped while its answer is on its way, and gives its conditions back', async () => {
    const released: number[] = [];
    const fake = fakeModel({ shape });
    const controller = new AbortController();
    const model = remote({
      async condition(request) {
        const conditions = await fake.condition(ofClasses(request));
        controller.abort(new Error('enough'));
        return conditions.map((rows, k) => proxyModel(rows, { release: () => void released.push(k) }));
      },
    });
    const image = { grid: emptyGrid(shape), positions: Uint32Array.of(0), input: { classLabel: 0 } };
    const images = [false, true].map((guided) => ({ ...image, guided }));
    await expect(model.condition({ batch: images, signal: controller.signal })).rejects.toThrow('enough');
    await model.runStatistics();
    expect(released).toEqual([0, 1]);
  });

  it('rejects a call that is stopped without a reason with a typed error', async () => {
    const signal = { aborted: false, addEventListener() {}, removeEventListener() {} };
    const model = remote({
      async decode() {
        signal.aborted = true;
        return [];
      },
    });
    await expect(model.decode([], { signal })).rejects.toMatchObject({ code: 'aborted' });
  });

  it('stops what runs and releases what is held when it is served no more', async () => {
    const released: string[] = [];
    const fake = fakeModel({ shape });
    let finish = (): void => {};
    const { model, serving } = served({
      async condition(request) {
        const late = request.batch.length > 1;
        if (late) await new Promise<void>((resolve) => (finish = resolve));
        const conditions = await fake.condition({ batch: ofClasses(request).batch });
        const release = () => void released.push(late ? 'late' : 'held');
        return conditions.map((rows) => proxyModel(rows, { release }));
      },
      decode: (_, options) =>
        new Promise((_resolve, reject) => {
          options?.signal?.addEventListener('abort', () => reject(released.push('stopped')));
        }),
    });
    const image = {
      grid: emptyGrid(shape),
      positions: Uint32Array.of(0),
      input: { classLabel: 0 },
      guided: false,
    };
    await model.condition({ batch: [image] });
    // Neither is answered.
    void model.decode([emptyGrid(shape)]);
    void model.condition({ batch: [image, image] });
    await model.runStatistics();
    serving.end();
    finish();
    await new Promise((resolve) => setImmediate(resolve));
    expect(released).toEqual(['stopped', 'held', 'late', 'late']);
  });
});
