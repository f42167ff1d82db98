import { afterEach, expect, it, vi } from 'vitest';
import { serveWorker } from './serve-worker.js';

afterEach(() => {
  vi.unstubAllGlobals();
});

it('takes wasmPaths relative to the worker', async () => {
  vi.stubGlobal('location', { href: 'http://test/app/worker.js' });
  vi.stubGlobal('fetch', async () => new Response('no', { status: 404 }));
  const answer = await new Promise((resolve) => {
    serveWorker({
      ort: { env: { wasm: {} } } as never,
      wasmPaths: { wasm: 'ort/x.wasm', mjs: 'ort/x.mjs' },
      scope: {
        postMessage: resolve,
        addEventListener: (_, listener) => listener({ data: { type: 'load' } } as MessageEvent),
      },
    });
  });
  expect(answer).toMatchObject({
    type: 'failed',
    error: { code: 'runtime-file', message: expect.stringContaining('http://test/app/ort/x.mjs: ') },
  });
});
