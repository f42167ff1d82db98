import { keyedNoise } from '@tessera/core';
import { cacheStorage, type FileStorage } from '@tessera/runtime-web/worker';

const changes = new URLSearchParams(self.location.search);

interface Buffer {
  readonly size: number;
  destroy(): void;
  mapAsync(mode: number, ...range: readonly number[]): Promise<void>;
}

interface Device {
  createBuffer(descriptor: object): Buffer;
}

interface Adapter {
  requestDevice(...options: unknown[]): Promise<{ destroy(): void }>;
}

/**
 * What a test changes about the worker by its address: `hardware` gives a software adapter out for a real one, `full`
 * has no room for files, `counted` tells by `wasmBytes()` and `gpuBytes()` what a model takes. Also, messages can take the
 * GPU away and ask for noise.
 */
export function changedStorage(): { readonly storage?: FileStorage } {
  const { GPUAdapter, GPUBuffer, GPUDevice } = globalThis as unknown as {
    readonly [name in 'GPUAdapter' | 'GPUBuffer' | 'GPUDevice']?: { readonly prototype: never };
  };
  if (GPUAdapter) watchDevices(GPUAdapter.prototype);
  if (changes.has('counted')) countMemories();
  if (GPUBuffer && GPUDevice && changes.has('counted'))
    countBuffers(GPUDevice.prototype, GPUBuffer.prototype);
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

/** Makes `gpuBytes()` tell how large all buffers are that were not destroyed, and how much was read back so far. */
function countBuffers(devices: Device, buffers: Buffer): void {
  const MAP_MODE_READ = 1;
  const live = new Set<WeakRef<Buffer>>();
  const references = new WeakMap<Buffer, WeakRef<Buffer>>();
  let read = 0;
  const { createBuffer } = devices;
  devices.createBuffer = function (descriptor) {
    const buffer = createBuffer.call(this, descriptor);
    const reference = new WeakRef(buffer);
    live.add(reference);
    references.set(buffer, reference);
    return buffer;
  };
  const { destroy, mapAsync } = buffers;
  buffers.destroy = function () {
    live.delete(references.get(this)!);
    destroy.call(this);
  };
  buffers.mapAsync = function (mode, ...range) {
    if (mode === MAP_MODE_READ) read += this.size;
    return mapAsync.call(this, mode, ...range);
  };
  const gpuBytes = () => ({
    live: [...live].reduce((sum, reference) => sum + (reference.deref()?.size ?? 0), 0),
    read,
  });
  Object.assign(globalThis, { gpuBytes });
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
