import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fakeHandler, QUICK } from './testing/fake-server.js';

/** Requests of each kind; `TESSERA_FUZZ=10000 npm test -- packages/server/src/fuzz.test.ts` takes minutes. */
const numRuns = Number(process.env.TESSERA_FUZZ ?? 150);

const value = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(null, '', 0, -1, 1.5, 2 ** 53, '\u0000', [], {}, true),
);
const body = fc.dictionary(
  fc.oneof(
    fc.constantFrom(
      ...['prompt', 'model', 'n', 'size', 'output_format', 'output_compression', 'response_format', 'stream'],
      ...['partial_images', 'background', 'seed', 'first', 'class', 'policy', 'guidance', 'recipe', 'user'],
    ),
    fc.string(),
  ),
  value,
);
const handler = fakeHandler({ maxBodyBytes: 4096, maxPictures: 2 });

/** An answer is a picture, or an error of the request's in OpenAI's form: never the server's fault. */
async function answersInForm(path: string, type: string, content: BodyInit): Promise<void> {
  const request = { method: 'POST', headers: { 'content-type': type }, body: content };
  const response = await handler(new Request(`http://localhost/v1/images/${path}`, request));
  const text = await response.text();
  if (response.status === 200) {
    expect(text).not.toContain('server_error');
    return;
  }
  expect(response.status).toBeGreaterThanOrEqual(400);
  expect(response.status, text).toBeLessThan(500);
  expect(JSON.parse(text)).toEqual({
    error: {
      message: expect.any(String),
      type: 'invalid_request_error',
      param: expect.toSatisfy((param) => param === null || typeof param === 'string'),
      code: expect.any(String),
    },
  });
}

it('JSON of any kind gets a picture or an error in its form', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(body, value), (given) =>
      answersInForm('generations', 'application/json', JSON.stringify(given)),
    ),
    { numRuns },
  );
});

it('a sound request with one field of any kind gets a picture or an error in its form', async () => {
  await fc.assert(
    fc.asyncProperty(body, (given) =>
      answersInForm(
        'generations',
        'application/json',
        JSON.stringify({ prompt: 'cat', policy: QUICK, ...given }),
      ),
    ),
    { numRuns },
  );
});

it('bytes of any kind get an error in its form', async () => {
  const paths = fc.constantFrom('generations', 'edits');
  const types = fc.constantFrom(
    'application/json',
    'multipart/form-data; boundary=x',
    'multipart/form-data',
    'text/plain',
    '',
  );
  await fc.assert(
    fc.asyncProperty(paths, types, fc.uint8Array({ maxLength: 5000 }), (path, type, bytes) =>
      answersInForm(path, type, Uint8Array.from(bytes)),
    ),
    { numRuns },
  );
});

it('forms of any kind get a picture or an error in its form', async () => {
  const fields = fc.array(
    fc.tuple(
      fc.constantFrom(
        'image',
        'image[]',
        'mask',
        'prompt',
        'n',
        'seed',
        'stream',
        'partial_images',
        'size',
        'other',
      ),
      fc.oneof(fc.string(), fc.constantFrom('cat', '1', 'true'), fc.uint8Array({ maxLength: 200 })),
    ),
    { maxLength: 6 },
  );
  await fc.assert(
    fc.asyncProperty(fields, async (given) => {
      const form = new FormData();
      for (const [name, field] of given)
        form.append(name, typeof field === 'string' ? field : new File([Uint8Array.from(field)], 'file.png'));
      const sent = new Response(form);
      const type = sent.headers.get('content-type')!;
      await answersInForm('edits', type, await sent.arrayBuffer());
    }),
    { numRuns },
  );
});
