import { expect, it } from 'vitest';
import type { GpuAdapter, WebScope } from './gpu.js';
import { probe } from './probe.js';

const adapter = (change: Partial<GpuAdapter> = {}): GpuAdapter => ({
  features: new Set(['shader-f16']),
  info: { vendor: 'acme', architecture: 'rocket', description: '' },
  ...change,
});

const scope = (
  change: Partial<WebScope> & { adapter?: () => Promise<GpuAdapter | null> } = {},
): WebScope => ({
  navigator: {
    hardwareConcurrency: 4,
    gpu: { requestAdapter: change.adapter ?? (async () => adapter()) },
  },
  isSecureContext: true,
  crossOriginIsolated: true,
  SharedArrayBuffer,
  caches: {},
  ...change,
});

it('finds nothing lacking where everything is there', async () => {
  expect(await probe(scope())).toEqual({
    webgpu: { available: true, adapter: 'acme rocket', software: false, f16: { available: true } },
    threads: { count: 4 },
    crossOriginIsolated: { available: true },
    storage: { available: true },
  });
});

it('tells an old browser from an insecure page and from a missing adapter', async () => {
  const reason = async (given: WebScope) => (await probe(given)).webgpu.reason;
  expect(await reason(scope({ navigator: {} }))).toMatch(/This browser has no WebGPU/);
  expect(await reason(scope({ navigator: {}, isSecureContext: false }))).toMatch(/serve this one over https/);
  expect(await reason(scope({ adapter: async () => null }))).toMatch(/no adapter/);
  expect(await reason(scope({ adapter: () => Promise.reject(new Error('blocked')) }))).toMatch(/blocked/);
});

it('knows software adapters by their own word and by name', async () => {
  const info = { vendor: 'google', architecture: 'swiftshader', description: '' };
  for (const soft of [adapter({ info }), adapter({ isFallbackAdapter: true })]) {
    expect((await probe(scope({ adapter: async () => soft }))).webgpu.software).toBe(true);
  }
});

it('says what holds threads at one, and does not ask for very many', async () => {
  const threads = async (given: Partial<WebScope>) => (await probe(scope(given))).threads;
  expect(await threads({ crossOriginIsolated: false })).toEqual({
    count: 1,
    reason: expect.stringMatching(/isolated/),
  });
  expect(await threads({ navigator: { hardwareConcurrency: 1 } })).toEqual({
    count: 1,
    reason: expect.stringMatching(/one processor/),
  });
  expect(await threads({ navigator: { hardwareConcurrency: 64 } })).toEqual({ count: 8 });
});
