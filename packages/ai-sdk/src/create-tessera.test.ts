import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { exampleManifest } from '@tessera/format/testing';
import { fakeLoadedModel } from '@tessera/onnx/testing';
import { createHandler } from '@tessera/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTessera, type TesseraProvider } from './create-tessera.js';

const manifest = {
  ...exampleManifest(),
  grid: { height: 8, width: 8, channels: 3 },
  latents: { channels: 3, patchSize: 1, scale: 1, stride: 1 },
};
const handler = createHandler({ models: { fake: { load: async () => fakeLoadedModel(manifest) } } });
const quick = { tessera: { policy: 'mar:4x2' } };

/** The version that is installed; TESSERA_AI names a folder whose node_modules have another one. */
const { APICallError, createProviderRegistry, generateImage } = await importAi();

async function importAi(): Promise<typeof import('ai')> {
  const folder = process.env.TESSERA_AI;
  if (folder === undefined) return import('ai');
  const other = createRequire(join(resolve(folder), 'index.js')).resolve('ai');
  return import(pathToFileURL(other).href);
}

let address = '';
/** Node's own server in front of the handler. */
const server = createServer(async (incoming, outgoing) => {
  const body: Buffer[] = [];
  for await (const chunk of incoming) body.push(chunk as Buffer);
  const response = await handler(
    new Request(`http://127.0.0.1${incoming.url}`, {
      method: incoming.method!,
      headers: Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, `${value}`]),
      body: Buffer.concat(body),
    }),
  );
  outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(await response.text());
});
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
afterAll(() => void server.close());

/** The recipe in the metadata of a picture. */
function metadataOf(result: Awaited<ReturnType<typeof generateImage>>) {
  return result.providerMetadata.tessera!.images as {
    seed: number;
    recipe: { images?: { index: number }[] };
  }[];
}

describe.each<[string, () => TesseraProvider]>([
  ['in this process', () => createTessera({ handler, picturesPerRequest: 3 })],
  ['over HTTP', () => createTessera({ baseURL: address, picturesPerRequest: 3 })],
])('the AI SDK %s', (_, provider) => {
  const draw = (options: Partial<Parameters<typeof generateImage>[0]> = {}) =>
    generateImage({
      model: provider().image('fake'),
      prompt: 'a',
      providerOptions: quick,
      maxRetries: 0,
      ...options,
    });

  it('draws n pictures that differ, the same for the same seed, with their recipes', async () => {
    const result = await draw({ n: 5, seed: 7 });
    expect(new Set(result.images.map(({ base64 }) => base64)).size).toBe(5);
    expect(result.images[0]!.mediaType).toBe('image/png');
    expect(metadataOf(result).map(({ seed, recipe }) => [seed, recipe.images![0]!.index])).toEqual(
      [0, 3, 6, 9, 12].map((index) => [7, index]),
    );
    const again = await draw({ n: 5, seed: 7 });
    expect(again.images.map(({ base64 }) => base64)).toEqual(result.images.map(({ base64 }) => base64));
    const [first] = metadataOf(result);
    const replayed = await draw({ prompt: '', providerOptions: { tessera: { recipe: first!.recipe } } });
    expect(replayed.image.base64).toBe(result.image.base64);
  });

  it('draws pictures of one seed where none is given', async () => {
    const result = await draw({ n: 4 });
    expect(new Set(metadataOf(result).map(({ seed }) => seed)).size).toBe(1);
    expect(new Set(result.images.map(({ base64 }) => base64)).size).toBe(4);
  });

  it('warns of a size that is not the model’s', async () => {
    expect((await draw({ size: '8x8' })).warnings).toEqual([]);
    const { warnings } = await draw({ size: '1024x1024', aspectRatio: '1:1' });
    expect(warnings).toEqual([
      { type: 'unsupported', feature: 'size', details: 'The model draws 8x8.' },
      { type: 'unsupported', feature: 'aspectRatio' },
    ]);
  });

  it('edits pictures, from bytes, by a mask', async () => {
    const { image } = await draw({ seed: 1 });
    const mask = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=',
      'base64',
    );
    const edited = await draw({ prompt: { text: 'b', images: [image.uint8Array], mask }, n: 2, seed: 1 });
    expect(new Set([image, ...edited.images].map(({ base64 }) => base64)).size).toBe(3);
    expect(metadataOf(edited)[1]!.recipe).toMatchObject({ format: 'tessera-edit', imageIndex: 1 });
  });

  it('throws what the server says, and whether trying again may help', async () => {
    const error = await draw({ prompt: 'zebra' }).catch((each: unknown) => each);
    expect(APICallError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({
      statusCode: 400,
      isRetryable: false,
      message: expect.stringContaining('a; b; c'),
    });
  });

  it('draws through a proxy of the model, as `ai` 7 makes one', async () => {
    const model = new Proxy(provider().image('fake'), {});
    expect((await draw({ model, seed: 1 })).image.uint8Array).toEqual(
      (await draw({ seed: 1 })).image.uint8Array,
    );
  });

  it('stops when it is aborted', async () => {
    const abortSignal = AbortSignal.abort(new Error('enough'));
    await expect(draw({ abortSignal })).rejects.toThrow('enough');
  });

  it('has no other models, and stands in a registry', async () => {
    const registry = createProviderRegistry({ tessera: provider() });
    expect(registry.imageModel('tessera:fake').modelId).toBe('fake');
    expect(() => registry.languageModel('tessera:fake')).toThrow(
      expect.objectContaining({ name: 'AI_NoSuchModelError' }),
    );
  });
});
