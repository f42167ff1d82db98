import { keyedNoise } from '@tessera/core';
import { cacheStorage, type FileStorage } from '@tessera/runtime-web/worker';

const changes = new URLSearchParams(self.location.search);

interface Adapter {
  requestDevice(...options: unknown[]): Promise<{ destroy(): void }>;
}

/**
 * What a test changes about the worker by its address: `hardware` gives a software adapter out for a real one, `full`
 * has no room for files, `counted` tells by `wasmBytes()` how large WebAssembly's memories are. Also, messages can take the
 * GPU away and ask for noise.
 */
export function changedStorage(): { readonly storage?: FileStorage } {
  const { GPUAdapter } = globalThis as unknown as { GPUAdapter?: { prototype: Adapter } };
  if (GPUAdapter) watchDevices(GPUAdapter.prototype);
  if (changes.has('counted')) countMemories();
  self.addEventListener('message', ({ data }) => {
    if (!data.noise) return;
    const { seed, count } = data.noise;
    data.port.postMessage(keyedNoise({ seed }).normal(new Float32Array(count)));
  });
  if (GPUAdapter && changes.has('hardware')) {
    Object.defineProperty(GPUAdapter.prototype, 'info', { value: { vendor: 'test', architecture: 'test' } });
    Object.defineProperty(GPUAdapter.prototype, 'isFallbackAdapter', { value: false });
  }
  if (!changes.has('full')) return {};
  const full = new DOMException('Quota exceeded.', 'QuotaExceededError');
  return { storage: { ...cacheStorage(), write: () => Promise.reject(full) } };
}

function countMemories(): void {
  const memories: WebAssembly.Memory[] = [];
  WebAssembly.Memory = class extends WebAssembly.Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      memories.push(this);
    }
  };
  const wasmBytes = (): number => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
  Object.assign(globalThis, { wasmBytes });
}

function watchDevices(adapter: Adapter): void {
  const { requestDevice } = adapter;
  adapter.requestDevice = async function (...options) {
    const device = await requestDevice.apply(this, options);
    self.addEventListener('message', ({ data }) => {
      if (data === 'lose the device') device.destroy();
    });
    return device;
  };
}
