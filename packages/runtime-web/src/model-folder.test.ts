import { createHash } from 'node:crypto';
import { afterEach, expect, it, vi } from 'vitest';
import type { FileStorage } from './file-storage.js';
import { openModelFolder } from './model-folder.js';

afterEach(() => {
  vi.unstubAllGlobals();
});

const graphs = ['condition', 'embed', 'project', 'modulate', 'denoise'];
const sha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const manifest = JSON.stringify({
  format: 'tessera-mar',
  version: 1,
  name: 'small',
  licence: 'MIT',
  source: 'a test',
  grid: { height: 1, width: 1, channels: 1 },
  condition: { kind: 'class', count: 1 },
  widths: { encoder: 1, decoder: 1, head: 1 },
  headDepth: 1,
  latents: { channels: 1, patchSize: 1, scale: 1, stride: 1 },
  diffusion: { schedule: 'cosine', trainSteps: 1000, variance: 'learned-range' },
  sampling: { guidance: { schedule: 'constant', scale: 1 }, temperature: 1 },
  variants: [
    { dtype: 'fp32', components: Object.fromEntries(graphs.map((name) => [name, { path: `${name}.onnx` }])) },
  ],
  // All empty but one, which is an x.
  files: graphs.map((name) =>
    name === 'embed'
      ? {
          path: 'embed.onnx',
          bytes: 1,
          sha256: '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881',
        }
      : { path: `${name}.onnx`, bytes: 0, sha256 },
  ),
});

/**
 * Opens folders of small files; `answer` is what the server says to a request for a manifest, `content` to others. Of
 * pieces of files, `room` fit in the storage.
 */
function opening(folder: string, room = Number.POSITIVE_INFINITY) {
  const entries = new Map<string, Uint8Array<ArrayBuffer>>();
  const pieces = () => [...entries.keys()].filter((name) => name.endsWith('/0'));
  const storage: FileStorage = {
    read: async (name) => entries.get(name),
    async write(name, bytes) {
      if (name.endsWith('/0') && !entries.has(name) && pieces().length >= room) {
        throw new DOMException('Quota exceeded.', 'QuotaExceededError');
      }
      entries.set(name, bytes);
    },
    remove: async (name) => void entries.delete(name),
  };
  return async (answer: () => Response, content: string | ReadableStream = 'x', query = '') => {
    const asked: string[] = [];
    vi.stubGlobal('fetch', async (url: string) => {
      asked.push(url);
      return url.includes('mar.json') ? answer() : new Response(content);
    });
    const { manifest: read, notKept } = await openModelFolder(`${folder}${query}`, {
      dtype: 'auto',
      storage,
      onProgress() {},
    });
    return { name: read.name, asked, notKept, pieces: pieces() };
  };
}

/** The manifest where the one file that is not empty has another content, and the name of its piece. */
function version(content: string): { readonly answer: () => Response; readonly piece: string } {
  const [x, other] = ['x', content].map((each) => createHash('sha256').update(each).digest('hex'));
  return { answer: () => new Response(manifest.replace(x!, other!)), piece: `${other}/0` };
}

const offline = (): never => {
  throw new TypeError('Failed to fetch');
};

it('takes the kept manifest where there is no network, and never in place of what a server answers', async () => {
  const open = opening('http://test/tiny/');
  await expect(open(offline)).rejects.toMatchObject({
    code: 'model-file',
    message: expect.stringMatching(/reached/),
  });
  expect((await open(() => new Response(manifest))).name).toBe('small');
  expect((await open(offline)).name).toBe('small');
  for (const status of [403, 404, 500]) {
    await expect(open(() => new Response('no', { status }))).rejects.toMatchObject({
      code: 'model-file',
      message: expect.stringMatching(new RegExp(`mar\\.json: the server answered ${status}`)),
    });
  }
});

it('asks for each file with the query of the folder', async () => {
  const { asked } = await opening('http://test/tiny?v=2')(() => new Response(manifest));
  expect(asked).toEqual(['http://test/tiny/mar.json?v=2', 'http://test/tiny/embed.onnx?v=2']);
});

it('removes the files of an earlier version of the model once there is another, whatever the query', async () => {
  const open = opening('http://test/tiny/');
  const [x, y] = [version('x'), version('y')];
  expect((await open(y.answer, 'y', '?v=1')).pieces).toEqual([y.piece]);
  expect((await open(x.answer, 'x', '?v=2')).pieces).toEqual([x.piece]);
  expect((await open(x.answer, 'x', '?v=2')).asked).toEqual(['http://test/tiny/mar.json?v=2']);
});

it('keeps the earlier version where an update breaks off, whose files go with the next', async () => {
  const open = opening('http://test/tiny/');
  const [x, y, z] = [version('x'), version('y'), version('z')];
  await open(y.answer, 'y');
  let sent = false;
  const broken = new ReadableStream(
    {
      pull(controller) {
        if (sent) controller.error(new TypeError('network error'));
        else controller.enqueue(new TextEncoder().encode('x'));
        sent = true;
      },
    },
    { highWaterMark: 0 },
  );
  await expect(open(x.answer, broken)).rejects.toThrow(/broke off/);
  const before = await open(offline, 'none');
  expect(before).toMatchObject({ asked: ['http://test/tiny/mar.json'], pieces: [y.piece, x.piece] });
  expect((await open(z.answer, 'z')).pieces).toEqual([z.piece]);
});

it('makes room for a version that does not fit beside the one before', async () => {
  const open = opening('http://test/tiny/', 1);
  const [x, y] = [version('x'), version('y')];
  await open(y.answer, 'y');
  expect(await open(x.answer)).toMatchObject({ pieces: [x.piece], notKept: undefined });
});

it('leaves files to other models that have them', async () => {
  const open = opening('http://test/');
  const [x, y] = [version('x'), version('y')];
  await open(y.answer, 'y', 'a/');
  await open(y.answer, 'y', 'b/');
  expect((await open(x.answer, 'x', 'a/')).pieces).toEqual([y.piece, x.piece]);
  expect((await open(x.answer, 'x', 'b/')).pieces).toEqual([x.piece]);
});
