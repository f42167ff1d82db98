import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type MarConfigJson, resolveVaeConfig, type VaeConfigJson, vaeKeys } from '@tessera/convert';
import { parseModelSource } from '@tessera/format';
import type { LoadProgress } from '@tessera/onnx';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { writeRandomCheckpoint } from '../../../convert/src/testing/random-weights.js';
import { modelFolder } from '../model-folder.js';
import { type HttpHabit, plainly } from '../testing/http-habits.js';
import { type HubServer, hubServer } from '../testing/hub-server.js';
import { fetchCheckpoint, findCheckpoint } from './checkpoint-source.js';

const golden = (path: string): Buffer =>
  readFileSync(fileURLToPath(new URL(`../../../../fixtures/golden/${path}`, import.meta.url)));
/** An autoencoder of few operations: each conversion compares its graphs with a pass in float64. */
const vaeConfig: VaeConfigJson = {
  ch: 4,
  ch_mult: [1, 1, 1, 1, 1],
  num_res_blocks: 1,
  z_channels: 16,
  group_norm_groups: 2,
};
const checkpoint = {
  config: JSON.parse(golden('A/config.json').toString()) as MarConfigJson,
  vaeConfig,
};
const MAR = golden('A/weights.safetensors');
let VAE: Buffer;

let hub: HubServer;
let place: string;
let cacheFolder: string;

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-vae-'));
  const path = join(folder, 'vae.safetensors');
  await writeRandomCheckpoint(path, vaeKeys(resolveVaeConfig(vaeConfig)));
  VAE = readFileSync(path);
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  const lfs = (body: Buffer) => ({ body, isLfs: true });
  const shards = {
    'shards/m-00001-of-00002.safetensors': lfs(MAR),
    'shards/m-00002-of-00002.safetensors': lfs(VAE),
  };
  hub = await hubServer({
    'someone/mar': {
      main: {
        'mar.safetensors': lfs(MAR),
        'kl16.safetensors': lfs(VAE),
        'alone/mar.safetensors': lfs(MAR),
        ...shards,
        'shards/m.safetensors.index.json': { body: Buffer.from('{}'), isLfs: false },
      },
    },
  });
  place = mkdtempSync(join(tmpdir(), 'tessera-checkpoint-'));
  cacheFolder = join(place, 'cache');
  vi.stubEnv('HF_ENDPOINT', hub.endpoint);
  vi.stubEnv('HF_HOME', place);
  vi.stubEnv('HF_HUB_CACHE', '');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  rmSync(place, { recursive: true });
});

const load = (
  location: string,
  options: { vae?: string; onProgress?: (progress: LoadProgress) => void } = {},
) =>
  modelFolder(location, {
    dtype: 'auto',
    cacheFolder,
    backOff: 0,
    checkpoint: { ...checkpoint, ...(options.vae ? { vae: options.vae } : {}) },
    onProgress: (progress) => options.onProgress?.(progress),
  });

async function withServer<T>(
  habit: HttpHabit,
  use: (address: string, close: () => void) => Promise<T>,
): Promise<T> {
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://localhost');
    response.setHeader('etag', '"1"');
    habit(request, response, url.pathname.includes('kl16') ? VAE : MAR, url);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, close);
  } finally {
    close();
  }
}

describe('a checkpoint', () => {
  it('on a hub is downloaded and converted once, with the autoencoder beside it, and then needs no network', async () => {
    const phases = new Set<string>();
    const { path } = await load('hf:someone/mar/mar.safetensors', {
      onProgress: ({ phase }) => phases.add(phase),
    });
    expect([...phases]).toEqual(['download', 'convert']);
    const manifest = readFileSync(join(path, 'mar.json'));
    expect(readdirSync(join(path, 'onnx'))).toContain('decoder.onnx');
    hub.requests.length = 0;
    expect((await load('hf:someone/mar/mar.safetensors')).path).toBe(path);
    expect(hub.requests.filter((request) => /lfs|resolve/.test(request.path))).toEqual([]);
    await hub.close();
    expect((await load('hf:someone/mar/mar.safetensors')).path).toBe(path);
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    expect((await load('hf:someone/mar/mar.safetensors')).path).toBe(path);
    expect(readFileSync(join(path, 'mar.json')).equals(manifest)).toBe(true);
  });

  it('without an autoencoder beside it is refused before it is downloaded; one is named from anywhere', async () => {
    await expect(load('hf:someone/mar/alone/mar.safetensors')).rejects.toMatchObject({
      code: 'model-file',
      message: expect.stringMatching(/no autoencoder \(kl16\.\*\) lies beside it.*--vae/),
    });
    expect(hub.requests.filter((request) => request.path.startsWith('/lfs'))).toEqual([]);
    const { path } = await load('hf:someone/mar/alone/mar.safetensors', {
      vae: 'hf:someone/mar/kl16.safetensors',
    });
    expect(readdirSync(join(path, 'onnx'))).toContain('decoder.onnx');
  });

  it('at an address is downloaded once, and converted', async () => {
    await withServer(plainly, async (address, close) => {
      const [location, vae] = [`${address}/mar.safetensors?token=1`, `${address}/kl16.safetensors`];
      const { path } = await load(location, { vae });
      close();
      expect((await load(location, { vae })).path).toBe(path);
    });
  });

  it('at an address whose server does not say its size is refused', async () => {
    await withServer(
      (_, response, body) => response.write(body),
      async (address) => {
        await expect(load(`${address}/mar.safetensors`)).rejects.toMatchObject({
          message: expect.stringMatching(/does not say how large the file is/),
        });
      },
    );
  });

  it('on the disk is converted again once it has changed', async () => {
    const folder = join(place, 'mine');
    mkdirSync(folder);
    const file = join(folder, 'mine.safetensors');
    const fixtures = fileURLToPath(new URL('../../../../fixtures/golden', import.meta.url));
    cpSync(join(fixtures, 'A/weights.safetensors'), file);
    writeFileSync(join(folder, 'kl16.safetensors'), VAE);
    const { path } = await load(file);
    expect(basename(path)).toMatch(/^mine-[0-9a-f]{16}$/);
    expect((await load(file)).path).toBe(path);
    rmSync(file);
    cpSync(join(fixtures, 'A/weights.safetensors'), file);
    expect((await load(file)).path).not.toBe(path);
  });

  it.each(['m-00002-of-00002.safetensors', 'm.safetensors.index.json'])(
    'in shards is downloaded whole, named by %s',
    async (name) => {
      const { checkpoint: file } = await fetchCheckpoint(`hf:someone/mar/shards/${name}`, { cacheFolder });
      expect(readdirSync(join(file, '..')).sort()).toEqual([
        'm-00001-of-00002.safetensors',
        'm-00002-of-00002.safetensors',
        'm.safetensors.index.json',
      ]);
    },
  );

  it('that is missing is named, with what is there', async () => {
    const missing = findCheckpoint(parseModelSource('hf:someone/mar/large.safetensors'), cacheFolder, {});
    await expect(missing).rejects.toThrow('There are mar.safetensors, kl16.safetensors');
    await expect(fetchCheckpoint(join(place, 'none.safetensors'))).rejects.toThrow('there is no such file');
  });
});
