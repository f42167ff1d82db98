import type { MaskedModel, ModelInput } from '@tessera/core';
import type { Manifest } from '@tessera/format';
import { exampleManifest } from '@tessera/format/testing';
import type { LoadedModel } from '@tessera/onnx';
import { fakeLoadedModel, fakeTextModel } from '@tessera/onnx/testing';
import { createHandler, type Handler, type HandlerOptions } from '../create-handler.js';

/** Of a model of three classes and 8 × 8 pixels, each a token. */
export const MANIFEST: Manifest = {
  ...exampleManifest(),
  name: 'fake',
  grid: { height: 8, width: 8, channels: 3 },
  latents: { channels: 3, patchSize: 1, scale: 1, stride: 1 },
  condition: { kind: 'class', count: 3, names: ['cat', 'red fox, Vulpes vulpes', 'café'] },
};

/** Quick enough for a test. */
export const QUICK = 'mar:4x2';

/** A model of arithmetic; `change` replaces calls of it. */
export function fakeSource(change: Partial<MaskedModel<ModelInput>> = {}) {
  return { load: async (): Promise<LoadedModel> => ({ ...fakeLoadedModel(MANIFEST), ...change }) };
}

/** A model of arithmetic that takes prompts: as many letters, the same picture. */
export function fakeTextSource() {
  const condition = { kind: 'text', length: 4, width: 8 } as const;
  return {
    load: async (): Promise<LoadedModel> => fakeTextModel({ ...MANIFEST, name: 'text', condition }),
  };
}

/** A handler of a model of arithmetic. */
export function fakeHandler(options: Partial<HandlerOptions> = {}): Handler {
  return createHandler({ models: { fake: fakeSource() }, ...options });
}

/** A call of a handler, as a client makes it. */
export function post(handler: Handler, path: string, body: unknown, headers: Record<string, string> = {}) {
  const isForm = body instanceof FormData;
  return handler(
    new Request(`http://localhost${path}`, {
      method: 'POST',
      headers: { ...(isForm ? {} : { 'content-type': 'application/json' }), ...headers },
      body: isForm ? body : JSON.stringify(body),
    }),
  );
}

export const draw = (handler: Handler, body: object, headers?: Record<string, string>) =>
  post(handler, '/v1/images/generations', { prompt: 'cat', policy: QUICK, ...body }, headers);
