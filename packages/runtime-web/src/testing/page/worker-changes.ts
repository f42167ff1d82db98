import { cacheStorage, type FileStorage } from '@tessera/runtime-web/worker';

const changes = new URLSearchParams(self.location.search);

interface Adapter {
  requestDevice(...options: unknown[]): Promise<{ destroy(): void }>;
}

/**
 * What a test changes about the worker by its address: `hardware` gives a software adapter out for a real one, `full`
 * has no room for files. Also, a message can take the GPU away.
 */
export function changedStorage(): { readonly storage?: FileStorage } {
  const { GPUAdapter } = globalThis as unknown as { GPUAdapter?: { prototype: Adapter } };
  if (GPUAdapter) watchDevices(GPUAdapter.prototype);
  if (GPUAdapter && changes.has('hardware')) {
    Object.defineProperty(GPUAdapter.prototype, 'info', { value: { vendor: 'test', architecture: 'test' } });
    Object.defineProperty(GPUAdapter.prototype, 'isFallbackAdapter', { value: false });
  }
  if (!changes.has('full')) return {};
  const full = new DOMException('Quota exceeded.', 'QuotaExceededError');
  return { storage: { ...cacheStorage(), write: () => Promise.reject(full) } };
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
