import { TesseraError } from '@tessera/core';
import { fakeModel } from '@tessera/core/testing';
import type { Capabilities, LoadedModel } from '@tessera/runtime-web';
import { get } from 'svelte/store';
import { describe, expect, it } from 'vitest';
import { devicePlan } from './device-choice.js';
import { failureOf } from './failure.js';
import { ModelHost, type ModelSource } from './model-host.js';
import { modelNotes } from './model-notes.js';

const yes = { available: true };
const capable: Capabilities = {
  webgpu: { ...yes, software: false, f16: yes },
  threads: { count: 4 },
  crossOriginIsolated: yes,
  storage: yes,
};
const noGpu = { available: false, software: false, f16: { available: false }, reason: 'It has none.' };

function source(changes: Partial<ModelSource> = {}) {
  const disposed: string[] = [];
  const base: ModelSource = {
    probe: async () => capable,
    online: () => true,
    async load(choice, _, { onProgress }) {
      onProgress({ phase: 'download', file: 'a', loadedBytes: 1, totalBytes: 2 });
      const model = fakeModel({ shape: { height: 2, width: 2, channels: 3 } });
      const known = { device: 'wasm', dtype: 'fp16', threads: 2, fallbacks: [], notKept: undefined };
      const dispose = async () => void disposed.push(choice);
      return { ...model, ...known, dispose } as unknown as LoadedModel;
    },
  };
  return { disposed, host: new ModelHost({ ...base, ...changes }) };
}

describe('the page’s model', () => {
  it('is loaded once, with progress, and again only for another device, when the first is gone', async () => {
    const { host, disposed } = source();
    const phases: string[] = [];
    host.state.subscribe((state) => phases.push(state.phase === 'loading' ? state.step : state.phase));
    const [first, second] = await Promise.all([host.get('wasm'), host.get('wasm')]);
    expect(second).toBe(first);
    expect(phases).toEqual(['idle', 'begin', 'download', 'ready']);
    expect(await host.get('wasm-1')).not.toBe(first);
    expect(disposed).toEqual(['wasm']);
  });

  it('says why it could not be loaded and tries anew when asked again', async () => {
    let tries = 0;
    const { host } = source({
      load: async () => {
        tries++;
        throw new TesseraError('model-file', 'x');
      },
    });
    await expect(host.get('auto')).rejects.toThrow('x');
    const state = get(host.state);
    expect(state.phase === 'failed' && state.failure.advice).toMatch(/connection/);
    await expect(host.get('auto')).rejects.toThrow('x');
    expect(tries).toBe(2);
  });

  it('is given up after its device is lost', async () => {
    const { host, disposed } = source();
    await host.get('wasm');
    await host.forget();
    expect(disposed).toEqual(['wasm']);
    expect(get(host.state)).toEqual({ phase: 'idle' });
  });
});

describe('what the page says', () => {
  it('of every kind of failure is a sentence and what to do', () => {
    const codes = [
      'model-file',
      'runtime-file',
      'manifest',
      'device-unavailable',
      'device-lost',
      'worker-ended',
    ];
    for (const error of [...codes.map((code) => new TesseraError(code, 'x')), new Error('x'), 'x']) {
      for (const online of [true, false]) {
        const { sentence, advice, detail } = failureOf(error, online);
        expect(sentence).toMatch(/^[A-Z].*\.$/);
        expect(advice).toMatch(/^[A-Z].*\.$/);
        expect(detail).toBe('x');
      }
    }
    expect(failureOf(new RangeError('Array buffer allocation failed')).sentence).toMatch(/memory/);
  });

  it('of how the model runs names what is missing', () => {
    const model = { device: 'wasm', threads: 1, fallbacks: [], notKept: undefined } as const;
    expect(modelNotes(model, capable, 'wasm')).toEqual([]);
    const lacking = { ...capable, webgpu: noGpu, crossOriginIsolated: { available: false } };
    const notes = modelNotes({ ...model, notKept: 'full' }, lacking, 'auto').join('\n');
    expect(notes).toMatch(/WebGPU is not used: It has none\./);
    expect(notes).toMatch(/Cross-Origin-Opener-Policy/);
    expect(notes).toMatch(/disk space/);
  });
});

it('loads the large build of ONNX Runtime only where a graphics card is there for it', () => {
  expect(devicePlan('auto', capable)).toEqual({ build: 'webgpu', device: 'auto' });
  expect(devicePlan('auto', { webgpu: noGpu }).build).toBe('wasm');
  expect(devicePlan('auto', { webgpu: { ...capable.webgpu, software: true } }).build).toBe('wasm');
  expect(devicePlan('webgpu', { webgpu: noGpu })).toEqual({ build: 'webgpu', device: 'webgpu' });
  expect(devicePlan('wasm-1', capable)).toMatchObject({ threads: 1 });
});
