import { Caller, type CallShape } from '@tessera/onnx';
import { afterEach, expect, it, vi } from 'vitest';
import { serveWorker } from './serve-worker.js';

afterEach(() => {
  vi.unstubAllGlobals();
});

it('takes wasmPaths relative to the worker', async () => {
  vi.stubGlobal('location', { href: 'http://test/app/worker.js' });
  vi.stubGlobal('fetch', async () => new Response('no', { status: 404 }));
  let answer = (_: unknown): void => {};
  let request = (_: MessageEvent<unknown>): void => {};
  serveWorker({
    ort: { env: { wasm: {} } } as never,
    wasmPaths: { wasm: 'ort/x.wasm', mjs: 'ort/x.mjs' },
    scope: {
      postMessage: (message) => answer(message),
      addEventListener: (_, listener) => {
        request = listener;
      },
    },
  });
  const caller = new Caller<{ load: CallShape }>({
    send: (data) => request({ data } as MessageEvent),
    listen: (listener) => {
      answer = listener;
    },
  });
  await expect(caller.call('load', {})).rejects.toMatchObject({
    code: 'runtime-file',
    message: expect.stringContaining('http://test/app/ort/x.mjs: '),
  });
});
