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

/** Opens a folder of small files; `answer` is what the server says to a request for its manifest, `content` to others. */
function opening(folder: string) {
  const entries = new Map<string, Uint8Array<ArrayBuffer>>();
  const storage: FileStorage = {
    read: async (name) => entries.get(name),
    write: async (name, bytes) => void entries.set(name, bytes),
    remove: async (name) => void entries.delete(name),
  };
  return async (answer: () => Response, content = 'x') => {
    const asked: string[] = [];
    vi.stubGlobal('fetch', async (url: string) => {
      asked.push(url);
      return url.includes('mar.json') ? answer() : new Response(content);
    });
    const { manifest: read } = await openModelFolder(folder, { dtype: 'auto', storage, onProgress() {} });
    return { name: read.name, asked, names: [...entries.keys()] };
  };
}

it('takes the kept manifest where there is no network, and never in place of what a server answers', async () => {
  const open = opening('http://test/tiny/');
  const offline = (): never => {
    throw new TypeError('Failed to fetch');
  };
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

it('removes the files of an earlier version of the model once there is another', async () => {
  const open = opening('http://test/tiny/');
  const [x, y] = ['x', 'y'].map((content) => createHash('sha256').update(content).digest('hex'));
  const earlier = manifest.replace(x!, y!);
  const kept = (hash: string | undefined) => ['http://test/tiny/mar.json', `${hash}/0`];
  expect((await open(() => new Response(earlier), 'y')).names).toEqual(kept(y));
  const { names } = await open(() => new Response(manifest));
  expect(names).toEqual(kept(x));
  expect((await open(() => new Response(manifest))).asked).toEqual(['http://test/tiny/mar.json']);
});
