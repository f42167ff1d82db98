import { existsSync, lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { modelFolder } from '../model-folder.js';
import { exampleFolder, LARGE } from '../testing/example-folder.js';
import { commitOf, type HubServer, type HubServerFile, hubServer } from '../testing/hub-server.js';

let hub: HubServer;
let cacheFolder: string;

/** Graphs are stored by LFS, as on the hub. */
function repository(folder: Readonly<Record<string, Buffer>>, below = ''): Record<string, HubServerFile> {
  return Object.fromEntries(
    Object.entries(folder).map(([path, body]) => [below + path, { body, isLfs: path.endsWith('.onnx') }]),
  );
}

beforeEach(async () => {
  hub = await hubServer({
    'someone/model': { main: repository(exampleFolder()), next: repository(exampleFolder(1), 'sub/') },
  });
  cacheFolder = mkdtempSync(join(tmpdir(), 'tessera-hub-'));
  vi.stubEnv('HF_ENDPOINT', hub.endpoint);
  vi.stubEnv('HF_HUB_CACHE', join(cacheFolder, 'hub'));
  vi.stubEnv('HF_HOME', cacheFolder);
  vi.stubEnv('HF_TOKEN', '');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  rmSync(cacheFolder, { recursive: true });
});

const load = (location: string, headers?: Record<string, string>) =>
  modelFolder(location, { dtype: 'auto', cacheFolder, headers, backOff: 0 });
const requested = (): string[] => hub.requests.splice(0).map(({ path }) => path);

function expectSame(path: string, folder: Readonly<Record<string, Buffer>>): void {
  for (const [name, body] of Object.entries(folder)) {
    expect(readFileSync(join(path, name)).equals(body), name).toBe(true);
  }
}

describe('hf:', () => {
  it('a model folder is downloaded once, into the layout of huggingface_hub', async () => {
    const { path, isChecked } = await load('hf:someone/model');
    expectSame(path, exampleFolder());
    expect(isChecked).toBe(true);
    const home = join(cacheFolder, 'hub', 'models--someone--model');
    const commit = commitOf(hub.repositories['someone/model']!.main!);
    expect(path).toBe(join(home, 'snapshots', commit));
    expect(readFileSync(join(home, 'refs', 'main'), 'utf8')).toBe(commit);
    expect(lstatSync(join(path, LARGE)).isSymbolicLink()).toBe(true);
    expect(readlinkSync(join(path, LARGE))).toMatch(/^\.\.\/\.\.\/\.\.\/blobs\/[0-9a-f]{64}$/);
    expect(readlinkSync(join(path, 'mar.json'))).toMatch(/^\.\.\/\.\.\/blobs\/[0-9a-f]{40}$/);
    requested();
    await load('hf:someone/model');
    expect(requested()).toEqual([
      '/api/models/someone/model/revision/main',
      `/api/models/someone/model/tree/${commit}`,
    ]);
  });

  it('a folder below and a revision are found, and what revisions share is downloaded once', async () => {
    hub.repositories = {
      'someone/model': { main: repository(exampleFolder()), 'pr/1': repository(exampleFolder(), 'a b/c/') },
    };
    await load('hf:someone/model');
    requested();
    const { path } = await load('hf:someone/model@pr%2F1/a b/c');
    expectSame(path, exampleFolder());
    expect(requested().filter((each) => /lfs|resolve/.test(each))).toEqual([]);
  });

  it('without a network, with HF_HUB_OFFLINE, and for a commit, the cache answers', async () => {
    const { path } = await load('hf:someone/model');
    requested();
    const commit = commitOf(hub.repositories['someone/model']!.main!);
    expect((await load(`hf:someone/model@${commit}`)).path).toBe(path);
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    expect((await load('hf:someone/model')).path).toBe(path);
    await expect(load('hf:someone/other')).rejects.toMatchObject({
      message: expect.stringMatching(/hf:someone\/other: is not in the cache .*other.*HF_HUB_OFFLINE/),
    });
    expect(requested()).toEqual([]);
    vi.stubEnv('HF_HUB_OFFLINE', '');
    await hub.close();
    expect((await load('hf:someone/model')).path).toBe(path);
    await expect(load('hf:someone/other')).rejects.toMatchObject({
      message: expect.stringMatching(/could not be reached/),
    });
  });

  it('a branch that has moved on is downloaded anew, beside what was there', async () => {
    const before = await load('hf:someone/model');
    hub.repositories = { 'someone/model': { main: repository(exampleFolder(7)) } };
    const { path } = await load('hf:someone/model');
    expectSame(path, exampleFolder(7));
    expectSame(before.path, exampleFolder());
  });

  it('HF_TOKEN, the file of a login, and headers open what is private', async () => {
    hub.token = 'mine';
    await expect(load('hf:someone/model')).rejects.toMatchObject({
      code: 'model-file',
      message: expect.stringMatching(
        /401 Unauthorized: the hub has no someone\/model, or it is private.*HF_TOKEN/,
      ),
    });
    await load('hf:someone/model', { authorization: 'Bearer mine' });
    vi.stubEnv('HF_TOKEN', 'mine');
    await load('hf:someone/model@next/sub');
  });

  it.each([
    ['hf:someone/none', /the hub has no someone\/none/],
    ['hf:someone/model@v9', /someone\/model has no revision v9/],
    ['hf:someone/model@next', /has no mar\.json, so it is no model folder/],
    ['hf:someone/model/missing.safetensors', /no such file\. There are no checkpoints/],
  ])('%s is refused in words', async (location, message) => {
    await expect(load(location)).rejects.toMatchObject({
      code: 'model-file',
      message: expect.stringMatching(message),
    });
  });

  it('an endpoint that is no hub is named', async () => {
    vi.stubEnv('HF_ENDPOINT', `${hub.endpoint}/lfs`);
    await expect(load('hf:someone/model')).rejects.toMatchObject({ code: 'model-file' });
  });

  it('a model whose files are not those of its manifest is refused before they are downloaded', async () => {
    const files = repository(exampleFolder());
    hub.repositories = {
      'someone/model': { main: { ...files, [LARGE]: { body: Buffer.alloc(200_000), isLfs: true } } },
    };
    await expect(load('hf:someone/model')).rejects.toMatchObject({
      message: expect.stringMatching(/hf:someone\/model\/onnx.*SHA-256/),
    });
    expect(requested().filter((path) => path.startsWith('/lfs'))).toEqual([]);
  });

  it('a damaged file in the cache is downloaded again', async () => {
    const { path } = await load('hf:someone/model');
    const { writeFileSync } = await import('node:fs');
    writeFileSync(join(path, LARGE), Buffer.alloc(200_000));
    expectSame((await load('hf:someone/model')).path, exampleFolder());
  });

  it('each file is downloaded once for two that load at the same time', async () => {
    await Promise.all([load('hf:someone/model'), load('hf:someone/model')]);
    const paths = requested().filter((path) => path.startsWith('/lfs'));
    expect(new Set(paths).size).toBe(paths.length);
    expect(existsSync(join(cacheFolder, 'hub'))).toBe(true);
  });
});
