import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { loadModel } from './load-model.js';

beforeEach(() => {
  vi.stubGlobal('document', { baseURI: 'http://test/' });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

/** A worker that says nothing of its own. */
function silentWorker() {
  const worker = Object.assign(new EventTarget(), { postMessage: vi.fn(), terminate: vi.fn() });
  return { worker: worker as unknown as Worker, terminate: worker.terminate };
}

it('refuses a worker that was given to a model before, and leaves it to that', async () => {
  const { worker, terminate } = silentWorker();
  const controller = new AbortController();
  const loading = loadModel('/a/', { worker, signal: controller.signal });
  const again = { code: 'invalid-option', option: 'worker' };
  await expect(loadModel('/b/', { worker })).rejects.toMatchObject(again);
  expect(terminate).not.toHaveBeenCalled();
  const reason = new Error('enough');
  controller.abort(reason);
  await expect(loading).rejects.toBe(reason);
  await expect(loadModel('/b/', { worker })).rejects.toMatchObject(again);
});

it('rejects with what onProgress threw, and ends the worker', async () => {
  const { worker, terminate } = silentWorker();
  const mistake = new TypeError('no such bar');
  const onProgress = (): never => {
    throw mistake;
  };
  const loading = loadModel('/a/', { worker, onProgress });
  const data = { rpc: 'progress', id: 0, value: {} };
  worker.dispatchEvent(new MessageEvent('message', { data }));
  await expect(loading).rejects.toBe(mistake);
  expect(terminate).toHaveBeenCalledTimes(1);
});
