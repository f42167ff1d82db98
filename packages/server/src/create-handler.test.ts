import { createHash } from 'node:crypto';
import { generateImages } from '@tessera/core';
import { buildSampling, inputOf, parseRecipe } from '@tessera/format';
import { pngBytes, readPngBytes } from '@tessera/format/png';
import { fakeLoadedModel } from '@tessera/onnx/testing';
import sharp from 'sharp';
import { describe, expect, it, vi } from 'vitest';
import type { LogEntry } from './exchange.js';
import {
  draw,
  fakeHandler,
  fakeSource,
  fakeTextSource,
  MANIFEST,
  post,
  QUICK,
} from './testing/fake-server.js';

interface Answer {
  readonly created: number;
  readonly data: readonly {
    readonly b64_json?: string;
    readonly url?: string;
    readonly revised_prompt: string;
  }[];
  readonly seed: number;
  readonly size: string;
  readonly recipe: object;
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string;
  };
}

const answerOf = async (response: Response): Promise<Answer> => (await response.json()) as Answer;
const bytesOf = ({ data }: Answer, index = 0) =>
  Uint8Array.from(Buffer.from(data[index]!.b64_json!, 'base64'));

/** The events of a stream, `[DONE]` left out. */
async function eventsOf(response: Response): Promise<Record<string, unknown>[]> {
  const text = await response.text();
  return [...text.matchAll(/^data: (\{.*\})$/gm)].map(
    ([, json]) => JSON.parse(json!) as Record<string, unknown>,
  );
}

/** A model that waits in each step until it is let go. */
function heldSource() {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const model = fakeLoadedModel(MANIFEST);
  const source = fakeSource({
    async sampleTokens(request) {
      await held;
      return model.sampleTokens(request);
    },
  });
  return { source, release: () => release() };
}

const later = (milliseconds = 5) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('generations', () => {
  it('answers with pictures, their seed and a recipe that draws them again', async () => {
    const handler = fakeHandler();
    const answer = await answerOf(await draw(handler, { prompt: 'Red Fox', n: 2, seed: 7, guidance: 2 }));
    expect(answer).toMatchObject({
      seed: 7,
      size: '8x8',
      data: [{ revised_prompt: 'red fox, Vulpes vulpes' }, {}],
    });
    const recipe = parseRecipe(JSON.stringify(answer.recipe), 'the answer');
    expect(recipe.images.map((picture) => [picture.index, inputOf(picture)])).toEqual([
      [1, { classLabel: 1 }],
      [4, { classLabel: 1 }],
    ]);
    const drawn = await generateImages({
      model: fakeLoadedModel(MANIFEST),
      requests: recipe.images.map((picture) => ({
        seed: 7,
        imageIndex: picture.index,
        input: inputOf(picture),
      })),
      ...buildSampling(recipe.sampling),
    });
    for (const [i, { image }] of drawn.entries()) {
      const png = readPngBytes(bytesOf(answer, i), 'the answer');
      expect(png.image).toEqual(image);
      expect(parseRecipe(png.recipe!, 'the PNG').images).toEqual([recipe.images[i]]);
    }
    const again = await answerOf(await post(handler, '/v1/images/generations', { recipe }));
    expect(again.data).toEqual(answer.data);
  });

  it('tells the seed that it chose', async () => {
    const handler = fakeHandler();
    const first = await answerOf(await draw(handler, {}));
    const again = await answerOf(await draw(handler, { seed: first.seed }));
    expect(again.data).toEqual(first.data);
    expect((await answerOf(await draw(handler, {}))).seed).not.toBe(first.seed);
  });

  it('goes on with the pictures of a seed where an earlier request ended', async () => {
    const handler = fakeHandler();
    const all = await answerOf(await draw(handler, { n: 4, seed: 1 }));
    const later = await answerOf(await draw(handler, { n: 2, seed: 1, first: 2 }));
    expect(later.data).toEqual(all.data.slice(2));
  });

  it.each(['png', 'webp', 'jpeg'])('encodes pictures as %s', async (output_format) => {
    const answer = await answerOf(await draw(fakeHandler(), { output_format, output_compression: 90 }));
    expect(await sharp(bytesOf(answer)).metadata()).toMatchObject({
      format: output_format,
      width: 8,
      height: 8,
    });
  });

  it('gives a data address where the client wants one', async () => {
    const answer = await answerOf(
      await draw(fakeHandler(), { response_format: 'url', output_format: 'webp' }),
    );
    expect(answer.data[0]!.url).toMatch(/^data:image\/webp;base64,/);
  });

  it('draws what the class says, by name or number, whatever the prompt', async () => {
    const handler = fakeHandler();
    for (const named of ['café', 2, '2']) {
      const answer = await answerOf(await draw(handler, { prompt: 'anything', class: named }));
      expect(answer.data[0]!.revised_prompt).toBe('café');
    }
  });

  it('streams partial pictures, then the finished one, for each picture', async () => {
    const response = await draw(fakeHandler(), { n: 2, stream: true, partial_images: 2, seed: 1 });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const events = await eventsOf(response);
    for (const index of [0, 1]) {
      const own = events.filter((event) => event.index === index);
      expect(own.map(({ type, partial_image_index }) => [type, partial_image_index])).toEqual([
        ['image_generation.partial_image', 0],
        ['image_generation.partial_image', 1],
        ['image_generation.completed', undefined],
      ]);
      expect(new Set(own.map(({ b64_json }) => b64_json)).size).toBe(3);
    }
    const whole = await answerOf(await draw(fakeHandler(), { n: 2, seed: 1 }));
    const completed = events.filter(({ type }) => type === 'image_generation.completed');
    expect(completed.map(({ b64_json }) => b64_json)).toEqual(whole.data.map(({ b64_json }) => b64_json));
    expect(completed[0]).toMatchObject({ seed: 1, size: '8x8', output_format: 'png', recipe: { seed: 1 } });
  });

  it('draws prompts by a model that takes them, and says what each kind of model takes', async () => {
    const handler = fakeHandler({ models: { fake: fakeSource(), text: fakeTextSource() } });
    const asked = { model: 'text', prompt: 'a zebra', negative_prompt: 'stripes', n: 2, first: 3, seed: 1 };
    const { data, recipe } = await answerOf(await draw(handler, asked));
    const [prompt, negativePrompt] = [asked.prompt, asked.negative_prompt];
    const images = [3, 4].map((index) => ({ index, prompt, negativePrompt }));
    expect(recipe).toMatchObject({ images });
    const again = await answerOf(await draw(handler, { model: 'text', prompt: undefined, recipe }));
    expect(again.data.map(({ b64_json }) => b64_json)).toEqual(data.map(({ b64_json }) => b64_json));
    const other = await answerOf(await draw(handler, { ...asked, prompt: 'two zebras' }));
    expect(other.data[0]!.b64_json).not.toBe(data[0]!.b64_json);
    for (const [body, param] of [
      [{ model: 'text', prompt: ' ' }, 'prompt'],
      [{ model: 'text', class: 'cat' }, 'class'],
      [{ negative_prompt: 'stripes' }, 'negative_prompt'],
    ] as const) {
      const response = await draw(handler, body);
      expect(response.status).toBe(400);
      expect((await response.json()).error).toMatchObject({ param });
    }
  });

  it.each<[string, object, number, object]>([
    [
      'an unknown class',
      { prompt: 'a zebra' },
      400,
      { param: 'prompt', code: 'unknown_class', message: /cat; red fox, Vulpes vulpes; café/ },
    ],
    ['an unknown field', { guidence: 3 }, 400, { param: 'guidence', code: 'unknown_parameter' }],
    [
      'an unknown model',
      { model: 'dall-e-3' },
      404,
      { param: 'model', code: 'model_not_found', message: /There are: fake/ },
    ],
    ['another size', { size: '1024x1024' }, 400, { param: 'size', message: /8x8/ }],
    ['too many pictures', { n: 11 }, 400, { param: 'n' }],
    ['no picture', { n: 0 }, 400, { param: 'n' }],
    ['a count as text', { n: '1' }, 400, { param: 'n' }],
    ['a policy that is none', { policy: 'gtr-1000' }, 400, { param: 'policy' }],
    ['a policy that does not fit', { policy: 'mar:100x2' }, 400, { param: 'steps' }],
    ['negative guidance', { guidance: -1 }, 400, { param: 'guidance' }],
    ['a transparent background', { background: 'transparent' }, 400, { param: 'background' }],
    ['partial pictures without a stream', { partial_images: 1 }, 400, { param: 'partial_images' }],
    [
      'more partial pictures than steps',
      { partial_images: 2, stream: true, policy: 'mar:2x2' },
      400,
      { param: 'partial_images', message: /1 partial/ },
    ],
    [
      'a long prompt',
      { prompt: 'x'.repeat(1001) },
      400,
      { param: 'prompt', code: 'string_above_max_length' },
    ],
    ['a recipe that is none', { recipe: { format: 'tessera-recipe' } }, 400, { param: 'recipe' }],
    ['a large body', { prompt: 'x'.repeat(2 ** 16) }, 413, { code: 'request_too_large' }],
  ])(
    'refuses %s in OpenAI’s form',
    async (_, body, status, { message = /./, ...error }: { message?: RegExp }) => {
      const response = await draw(fakeHandler({ maxBodyBytes: 2 ** 14 }), body);
      const answer = await answerOf(response);
      expect([response.status, answer.error.message]).toEqual([status, expect.stringMatching(message)]);
      expect(answer.error).toMatchObject({ type: 'invalid_request_error', ...error });
    },
  );

  it('refuses a policy whose steps reuse what the model does not cache, before it draws', async () => {
    const condition = vi.fn();
    const reuses = { guidance: true, tokens: false, head: false };
    const handler = fakeHandler({ models: { fake: fakeSource({ reuses, condition }) } });
    const response = await draw(handler, { policy: 'lazymar:16x4' });
    const { error } = await answerOf(response);
    expect([response.status, error.param, error.message]).toEqual([
      400,
      'policy',
      expect.stringContaining('caches'),
    ]);
    expect(condition).not.toHaveBeenCalled();
  });

  it.each([
    ['no JSON', '{', 'application/json', 400],
    ['a list', '[]', 'application/json', 400],
    ['bytes that are no text', new Uint8Array([0xff, 0xfe]), 'application/json', 400],
    ['another content type', '{}', 'text/plain', 415],
  ])('refuses a body that is %s', async (_, body, type, status) => {
    const request = { method: 'POST', headers: { 'content-type': type }, body };
    const response = await fakeHandler()(new Request('http://localhost/v1/images/generations', request));
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
  });

  it('says when to try again where the queue is full, by what is in it', async () => {
    const { source, release } = heldSource();
    const handler = fakeHandler({ models: { fake: source }, maxWaiting: 1 });
    const first = [draw(handler, {}), draw(handler, {})];
    await later();
    for (const stream of [false, true]) {
      const response = await draw(handler, { stream });
      expect(response.status).toBe(429);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(await response.json()).toMatchObject({
        error: { code: 'queue_full', type: 'rate_limit_error' },
      });
    }
    release();
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('stops at the time limit, and when its client leaves', async () => {
    const { source, release } = heldSource();
    const entries: LogEntry[] = [];
    const log = (entry: LogEntry) => entries.push(entry);
    const brief = fakeHandler({ models: { fake: source }, maxSeconds: 0.5, log });
    await brief.preload();
    const slow = await draw(brief, {});
    expect([slow.status, (await answerOf(slow)).error.code]).toEqual([504, 'timeout']);
    const events = await eventsOf(await draw(brief, { stream: true }));
    expect(events).toEqual([{ error: expect.objectContaining({ code: 'timeout' }) }]);
    expect(entries.map(({ status }) => status)).toEqual([504, 200]);
    expect(entries[1]!.error).toMatchObject({ details: { reason: 'timeout' } });
    const patient = fakeHandler({ models: { fake: source }, log });
    await (await draw(patient, { stream: true })).body!.cancel();
    release();
    await patient.drain();
    expect(entries).toHaveLength(3);
  });

  it('says nothing of its inside where it fails, and logs it', async () => {
    const entries: LogEntry[] = [];
    const broken = fakeSource({ decode: () => Promise.reject(new Error('secret')) });
    const handler = fakeHandler({ models: { fake: broken }, log: (entry) => entries.push(entry) });
    const response = await draw(handler, {});
    expect([response.status, await response.text()]).toEqual([500, expect.not.stringContaining('secret')]);
    expect(entries[0]).toMatchObject({ status: 500, model: 'fake', error: new Error('secret') });
  });
});

describe('edits', () => {
  const pixels = Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => (i * 37) % 256);
  const picture = { width: 8, height: 8, data: pixels };
  /** Transparent in the upper half. */
  const mask = () =>
    sharp(
      Buffer.from(Uint8Array.from({ length: 8 * 8 * 4 }, (_, i) => (i % 4 === 3 && i < 8 * 4 * 4 ? 0 : 255))),
      {
        raw: { width: 8, height: 8, channels: 4 },
      },
    )
      .png()
      .toBuffer();
  const file = (bytes: Uint8Array, name: string) =>
    new File([Uint8Array.from(bytes)], name, { type: 'image/png' });
  const form = (fields: Record<string, string | File>) => {
    const body = new FormData();
    for (const [name, value] of Object.entries({ prompt: 'cat', policy: QUICK, ...fields }))
      body.append(name, value);
    return body;
  };
  const edit = (fields: Record<string, string | File>, options = {}) =>
    post(fakeHandler(options), '/v1/images/edits', form(fields));

  it('repaints what is transparent in the mask, and keeps every other byte', async () => {
    const image = file(pngBytes(picture), 'photo.png');
    const response = await edit({
      'image[]': image,
      mask: file(await mask(), 'mask.png'),
      n: '2',
      seed: '3',
    });
    const answer = await answerOf(response);
    expect(response.status).toBe(200);
    const edited = readPngBytes(bytesOf(answer), 'the answer').image;
    expect(edited.data.subarray(96)).toEqual(pixels.subarray(96));
    expect(edited.data.subarray(0, 96)).not.toEqual(pixels.subarray(0, 96));
    expect(answer.data[0]).not.toEqual(answer.data[1]);
    const sha256 = createHash('sha256').update(pngBytes(picture)).digest('hex');
    expect(answer).toMatchObject({
      seed: 3,
      recipe: { format: 'tessera-edit', picture: { file: 'photo.png', sha256 }, className: 'cat' },
    });
  });

  it('takes the picture’s own transparency where there is no mask, and streams', async () => {
    const response = await edit({
      image: file(await mask(), 'image.png'),
      stream: 'true',
      partial_images: '1',
    });
    const events = await eventsOf(response);
    expect(events.map(({ type }) => type)).toEqual(['image_edit.partial_image', 'image_edit.completed']);
  });

  it.each<[string, () => Promise<Record<string, string | File>>, string]>([
    ['no picture', async () => ({}), 'image'],
    ['a file that is no picture', async () => ({ image: file(new Uint8Array(9), 'a.png') }), 'image'],
    ['a damaged picture', async () => ({ image: file((await mask()).subarray(0, 60), 'a.png') }), 'image'],
    ['a picture without a mask', async () => ({ image: file(pngBytes(picture), 'a.png') }), 'mask'],
    [
      'another file',
      async () => ({ image: file(await mask(), 'a.png'), extra: file(await mask(), 'b.png') }),
      'extra',
    ],
    ['a count that is none', async () => ({ image: file(await mask(), 'a.png'), n: 'two' }), 'n'],
    ['a picture as text', async () => ({ image: 'a.png' }), 'image'],
  ])('refuses %s', async (_, fields, param) => {
    const response = await edit(await fields());
    expect(await answerOf(response)).toMatchObject({ error: { param, type: 'invalid_request_error' } });
    expect(response.status).toBe(400);
  });

  it('refuses more pixels than it takes, before it decodes them', async () => {
    const response = await edit({ image: file(await mask(), 'a.png') }, { maxPixels: 63 });
    expect((await answerOf(response)).error).toMatchObject({
      param: 'image',
      message: expect.stringContaining('63'),
    });
  });

  it('refuses a body that is no form', async () => {
    const request = {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
      body: 'nothing',
    };
    const response = await fakeHandler()(new Request('http://localhost/v1/images/edits', request));
    expect([response.status, (await answerOf(response)).error.code]).toEqual([400, 'invalid_form']);
  });
});

describe('a server', () => {
  const get = (handler: ReturnType<typeof fakeHandler>, path: string, headers = {}) =>
    handler(new Request(`http://localhost${path}`, { headers }));

  it('lists its models, shows its API, and tells its figures', async () => {
    const handler = fakeHandler();
    await draw(handler, { n: 2 });
    expect(await (await get(handler, '/v1/models')).json()).toMatchObject({
      object: 'list',
      data: [{ id: 'fake', object: 'model' }],
    });
    const document = (await (await get(handler, '/openapi.json')).json()) as {
      paths: Record<
        string,
        { post?: { requestBody: { content: Record<string, { schema: { properties: object } }> } } }
      >;
    };
    const { schema } =
      document.paths['/v1/images/generations']!.post!.requestBody.content['application/json']!;
    expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(['prompt', 'seed', 'recipe']));
    const page = await (await get(handler, '/')).text();
    expect(page).toContain('curl http://localhost/v1/images/generations');
    expect(page).toContain('<code>partial_images</code>');
    expect(page).toContain('A sampler spec, e.g. gtr-16/fts=low.');
    const metrics = await (await get(handler, '/metrics')).text();
    for (const line of [
      'tessera_pictures_total{model="fake"} 2',
      'tessera_calls_waiting{model="fake"} 0',
      'tessera_step_seconds_count{model="fake"} 8',
      'tessera_wait_seconds_count{model="fake"} 1',
      'tessera_requests_total{route="/v1/images/generations",status="200"} 1',
    ])
      expect(metrics).toContain(line);
    expect(metrics).toMatch(/process_resident_memory_bytes \d+/);
    expect(metrics).toMatch(/process_cpu_seconds_total \d+/);
  });

  it('is ready once its first model is loaded, and drains what is under way', async () => {
    const { source, release } = heldSource();
    const handler = fakeHandler({ models: { fake: source } });
    const status = async (path: string) => (await get(handler, path)).status;
    expect([await status('/healthz'), await status('/readyz')]).toEqual([200, 503]);
    await handler.preload();
    expect(await status('/readyz')).toBe(200);
    const running = draw(handler, {});
    await later();
    const drained = handler.drain();
    expect([await status('/healthz'), await status('/readyz')]).toEqual([200, 503]);
    const refused = await draw(handler, {});
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    release();
    expect((await running).status).toBe(200);
    await drained;
  });

  it('knows its callers by the hashes of their tokens, and how many pictures they may ask for', async () => {
    const sha256 = createHash('sha256').update('open sesame').digest('hex');
    const entries: LogEntry[] = [];
    const handler = fakeHandler({
      tokens: [{ name: 'ann', sha256, perMinute: 3 }],
      log: (entry) => entries.push(entry),
    });
    const authorization = 'Bearer open sesame';
    for (const headers of [{}, { authorization: 'Bearer open' }, { authorization: `Basic ${sha256}` }]) {
      const response = await draw(handler, {}, headers);
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    }
    expect((await get(handler, '/metrics')).status).toBe(401);
    expect((await get(handler, '/healthz')).status).toBe(200);
    expect((await draw(handler, { n: 2 }, { authorization })).status).toBe(200);
    const refused = await draw(handler, { n: 2 }, { authorization });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '20']);
    expect((await draw(handler, { n: 4 }, { authorization })).status).toBe(400);
    expect(entries.filter(({ token }) => token === 'ann')).toHaveLength(3);
  });

  it('logs each answer, prompts only where that is asked for', async () => {
    for (const logPrompts of [false, true]) {
      const entries: LogEntry[] = [];
      const handler = fakeHandler({ logPrompts, log: (entry) => entries.push(entry) });
      const response = await draw(handler, { seed: 5 }, { 'x-request-id': 'one' });
      expect(response.headers.get('x-request-id')).toBe('one');
      expect(entries).toEqual([
        {
          ...{
            id: 'one',
            method: 'POST',
            route: '/v1/images/generations',
            status: 200,
            model: 'fake',
            seed: 5,
          },
          ...{ pictures: 1, seconds: expect.any(Number), waitedSeconds: expect.any(Number) },
          ...(logPrompts ? { prompt: 'cat' } : {}),
        },
      ]);
    }
  });

  it('answers below the path where it is mounted', async () => {
    const handler = fakeHandler({ basePath: '/api/tessera' });
    expect((await get(handler, '/api/tessera/v1/models')).status).toBe(200);
    expect((await get(handler, '/elsewhere')).status).toBe(404);
    expect((await get(handler, '/api/tessera/v1/images/edits')).status).toBe(405);
  });

  it('loads models when they are asked for, and unloads the one that rested longest', async () => {
    const happened: string[] = [];
    const source = (name: string) => ({
      bytes: 40,
      async load() {
        happened.push(`+${name}`);
        return { ...fakeLoadedModel(MANIFEST), dispose: async () => void happened.push(`-${name}`) };
      },
    });
    const models = {
      a: source('a'),
      b: source('b'),
      c: source('c'),
      large: { ...source('large'), bytes: 101 },
    };
    const handler = fakeHandler({ models, memoryBytes: 100 });
    for (const model of ['a', 'b', 'a', 'c', 'b']) expect((await draw(handler, { model })).status).toBe(200);
    expect(happened).toEqual(['+a', '+b', '-b', '+c', '-a', '+b']);
    const refused = await draw(handler, { model: 'large' });
    expect([refused.status, (await answerOf(refused)).error.code]).toEqual([503, 'model_too_large']);
    const all = await Promise.all(['a', 'b', 'c', 'a'].map((model) => draw(handler, { model })));
    expect(all.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    await handler.drain();
    expect(happened.filter((word) => word.startsWith('+'))).toHaveLength(
      happened.filter((word) => word.startsWith('-')).length,
    );
  });
});
