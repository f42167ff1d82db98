import { readdirSync, readFileSync } from 'node:fs';
import { TesseraError } from '@tessera/core';
import { fakeModel } from '@tessera/core/testing';
import type { Capabilities, LoadedModel } from '@tessera/runtime-web';
import { get } from 'svelte/store';
import { describe, expect, it } from 'vitest';
import { OwnCodeError } from '../own-policy/own-code-error.js';
import { devicePlan } from './device-choice.js';
import { failureOf } from './failure.js';
import { ModelHost, type ModelSource } from './model-host.js';
import { EMBEDDED } from './model-location.js';
import { modelNotes } from './model-notes.js';

const CODE_PLACE = /(?:override readonly code = |new TesseraError\(\s*)'([^']+)'/g;

/** The codes of all errors in the sources of the packages that run in the page. */
const CODES = ['core', 'onnx', 'runtime-web'].flatMap((name) => {
  const folder = new URL(`../../../../packages/${name}/src/`, import.meta.url);
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !/\.test\.|^testing\b/.test(path))
    .flatMap((path) => [...readFileSync(new URL(path, folder), 'utf8').matchAll(CODE_PLACE)])
    .map(([, code]) => code!);
});
const unforeseen = failureOf(new Error('x'));

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
    versions: {},
    probe: async () => capable,
    online: () => true,
    savesData: () => false,
    async load(_, choice, __, { onProgress }) {
      onProgress({ phase: 'download', file: 'a', loadedBytes: 1, totalBytes: 2 });
      const model = fakeModel({ shape: { height: 2, width: 2, channels: 3 } });
      const known = { device: 'wasm', dtype: 'fp16', threads: 2, fallbacks: [] };
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
    const [first, second] = await Promise.all([
      host.get('wasm', EMBEDDED.class),
      host.get('wasm', EMBEDDED.class),
    ]);
    expect(second).toBe(first);
    expect(phases).toEqual(['idle', 'begin', 'download', 'ready']);
    expect(await host.get('wasm-1', EMBEDDED.class)).not.toBe(first);
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
    await expect(host.get('auto', EMBEDDED.class)).rejects.toThrow('x');
    const state = get(host.state);
    expect(state.phase === 'failed' && state.failure.advice).toMatch(/connection/);
    await expect(host.get('auto', EMBEDDED.class)).rejects.toThrow('x');
    expect(tries).toBe(2);
  });

  it.each(['device-lost', 'worker-ended', 'model-disposed'])(
    'is given up after %s, and after no other error',
    async (code) => {
      const { host, disposed } = source();
      const first = await host.get('wasm', EMBEDDED.class);
      host.forgetLost(new TesseraError('invalid-plan', 'x'));
      expect(await host.get('wasm', EMBEDDED.class)).toBe(first);
      host.forgetLost(new TesseraError(code, 'x'));
      expect(disposed).toEqual(['wasm']);
      expect(get(host.state)).toEqual({ phase: 'idle' });
      expect(await host.get('wasm', EMBEDDED.class)).not.toBe(first);
    },
  );

  it('is the newer one for whoever waited for one that was replaced', async () => {
    const { host, disposed } = source();
    const [first, second] = await Promise.all([
      host.get('wasm', EMBEDDED.class),
      host.get('wasm-1', EMBEDDED.class),
    ]);
    expect(first).toBe(second);
    expect(disposed).toEqual([]);
    expect(get(host.state)).toMatchObject({ phase: 'ready', model: first });
  });
});

describe('what the page says', () => {
  it('of every kind of failure is a sentence and what to do', () => {
    const own = [new OwnCodeError('x', 3), new OwnCodeError('x')];
    const errors = CODES.map((code) => new TesseraError(code, 'x'));
    for (const error of [...errors, ...own, new Error('x'), 'x']) {
      for (const online of [true, false]) {
        const { sentence, advice, detail } = failureOf(error, online);
        expect(sentence).toMatch(/^[A-Z].*\.$/);
        expect(advice).toMatch(/^[A-Z].*\.$/);
        expect(detail).toBe('x');
      }
    }
    expect(failureOf(new RangeError('Array buffer allocation failed')).sentence).toMatch(/memory/);
  });

  it('of an error that the library defines is never that it was not foreseen', () => {
    expect(CODES).toEqual(
      expect.arrayContaining(['invalid-option', 'model-disposed', 'worker-ended', 'insecure-context']),
    );
    for (const code of CODES) expect(failureOf(new TesseraError(code, 'x')), code).not.toEqual(unforeseen);
  });

  it('of a policy that fails is where, and that the user can change it', () => {
    for (const online of [true, false]) {
      const { sentence, advice } = failureOf(new OwnCodeError('row is not defined', 3), online);
      expect(sentence).toBe('The policy failed in line 3: row is not defined.');
      expect(advice).toMatch(/“Write a policy”/);
    }
  });

  it('of how the model runs names what is missing', () => {
    const model = { device: 'wasm', threads: 1, fallbacks: [] } as const;
    expect(modelNotes(model, capable, 'wasm')).toEqual([]);
    const precisionReason = 'The adapter does not have the feature shader-f16.';
    expect(modelNotes({ ...model, precisionReason }, capable, 'webgpu-fp16')).toEqual([
      `Half precision is not used: ${precisionReason}`,
    ]);
    const lacking = { ...capable, webgpu: noGpu, crossOriginIsolated: { available: false } };
    const notes = modelNotes({ ...model, cacheError: 'full' }, lacking, 'auto').join('\n');
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
  expect(devicePlan('webgpu-fp16', capable)).toMatchObject({ device: 'webgpu', precision: 'fp16' });
  expect(devicePlan('wasm-1', capable)).toMatchObject({ threads: 1 });
});
