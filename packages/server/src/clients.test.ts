import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { pngBytes, readPngBytes } from '@tessera/format/png';
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Handler } from './create-handler.js';
import { fakeHandler, fakeSource, QUICK } from './testing/fake-server.js';

/** Serves a handler on a port of its own. */
async function listening(handler: Handler) {
  const server = createAdaptorServer({ fetch: handler });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return { baseURL, close: () => new Promise((resolve) => server.close(resolve)) };
}

describe('the openai client', () => {
  let served: Awaited<ReturnType<typeof listening>>;
  let client: OpenAI;
  beforeAll(async () => {
    served = await listening(fakeHandler());
    client = new OpenAI({ baseURL: served.baseURL, apiKey: 'none', maxRetries: 0 });
  });
  afterAll(() => served.close());

  const ours = { policy: QUICK, seed: 3 };
  const picture = (base64: string | undefined) =>
    readPngBytes(Buffer.from(base64!, 'base64'), 'the answer').image;

  it('draws, and passes fields of ours through', async () => {
    const answer = await client.images.generate({
      prompt: 'cat',
      n: 2,
      ...ours,
    } as OpenAI.ImageGenerateParamsNonStreaming);
    expect(answer.data!.map(({ b64_json }) => picture(b64_json).width)).toEqual([8, 8]);
    expect(answer).toMatchObject({ output_format: 'png', seed: 3, recipe: { format: 'tessera-recipe' } });
  });

  it('streams partial pictures', async () => {
    const params = { prompt: 'cat', stream: true, partial_images: 2, ...ours };
    const stream = await client.images.generate(params as OpenAI.ImageGenerateParamsStreaming);
    const types: string[] = [];
    for await (const event of stream) {
      types.push(event.type);
      expect(picture(event.b64_json)).toMatchObject({ width: 8, height: 8 });
    }
    expect(types).toEqual([
      ...['image_generation.partial_image', 'image_generation.partial_image', 'image_generation.completed'],
    ]);
  });

  it('edits', async () => {
    const data = new Uint8Array(8 * 8 * 3).fill(100);
    const rgba = Uint8Array.from({ length: 8 * 8 * 4 }, (_, i) => (i % 4 === 3 && i < 128 ? 0 : 255));
    const { default: sharp } = await import('sharp');
    const mask = await sharp(rgba, { raw: { width: 8, height: 8, channels: 4 } })
      .png()
      .toBuffer();
    const image = await toFile(pngBytes({ width: 8, height: 8, data }), 'photo.png', { type: 'image/png' });
    const params = {
      prompt: 'café',
      image,
      mask: await toFile(mask, 'mask.png', { type: 'image/png' }),
      ...ours,
    };
    const answer = await client.images.edit(params as OpenAI.ImageEditParamsNonStreaming);
    const edited = picture(answer.data![0]!.b64_json).data;
    expect(edited.subarray(96)).toEqual(data.subarray(96));
    expect(edited.subarray(0, 96)).not.toEqual(data.subarray(0, 96));
  });

  it('lists models', async () => {
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['fake']);
  });

  it('throws its own errors for ours', async () => {
    const refused = client.images.generate({ prompt: 'zebra' });
    await expect(refused).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    await expect(refused).rejects.toMatchObject({ status: 400, param: 'prompt', code: 'unknown_class' });
    const missing = client.images.generate({ prompt: 'cat', model: 'dall-e-3' });
    await expect(missing).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });

  it('hears of a failure in the middle of a stream', async () => {
    const failing = await listening(
      fakeHandler({ models: { fake: fakeSource({ decode: () => Promise.reject(new Error('broken')) }) } }),
    );
    try {
      const { baseURL } = failing;
      const own = new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 });
      const params = { prompt: 'cat', stream: true, ...ours } as OpenAI.ImageGenerateParamsStreaming;
      const read = async () => {
        for await (const event of await own.images.generate(params)) expect(event).toBeDefined();
      };
      await expect(read()).rejects.toMatchObject({ error: { code: 'server_error' } });
    } finally {
      await failing.close();
    }
  });

  it('leaves nothing running where it leaves, with a stream or without', async () => {
    // One picture that nobody stops takes all of these.
    const STEPS = 60;
    let steps = 0;
    const source = fakeSource();
    const slow = {
      async load() {
        const model = await source.load();
        return {
          ...model,
          async sampleTokens(request: Parameters<typeof model.sampleTokens>[0]) {
            steps++;
            await new Promise((resolve) => setTimeout(resolve, 50));
            return model.sampleTokens(request);
          },
        };
      },
    };
    const handler = fakeHandler({ models: { fake: slow } });
    const leaving = await listening(handler);
    try {
      const own = new OpenAI({ baseURL: leaving.baseURL, apiKey: 'none', maxRetries: 0 });
      for (const stream of [false, true]) {
        const calls = Array.from({ length: 10 }, async () => {
          const params = { prompt: 'cat', policy: `mar:${STEPS}x2`, stream } as OpenAI.ImageGenerateParams;
          const controller = new AbortController();
          setTimeout(() => controller.abort(), 150);
          const answer = await own.images.generate(params, { signal: controller.signal });
          for await (const _ of answer as AsyncIterable<unknown>);
        });
        await Promise.allSettled(calls);
        // A call may reach the server after its client has left, and then ends with the step that it began.
        await vi.waitFor(
          async () => {
            const metrics = await (await fetch(leaving.baseURL.replace('/v1', '/metrics'))).text();
            expect(metrics).toContain('tessera_calls_running{model="fake"} 0');
            expect(metrics).toContain('tessera_calls_waiting{model="fake"} 0');
            const before = steps;
            await new Promise((resolve) => setTimeout(resolve, 200));
            expect(steps).toBe(before);
          },
          { timeout: 20_000 },
        );
        expect(steps).toBeLessThan(STEPS);
        steps = 0;
      }
    } finally {
      await leaving.close();
    }
  });
});
