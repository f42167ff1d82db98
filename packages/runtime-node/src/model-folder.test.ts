import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { modelFolder } from '@tessera/model-tiny';
import { defaultCacheFolder, type LoadProgress, loadModel } from '@tessera/runtime-node';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { modelFolder as bringFolder } from './model-folder.js';

let server: Server;
let address: string;
let cacheFolder: string;
let requests: string[];
let queries: Set<string>;
/** Changes an answer: cuts it off after some bytes, or replaces it. */
let meddle: (path: string, body: Buffer) => { body: Buffer; cutAt?: number };

beforeEach(async () => {
  requests = [];
  queries = new Set();
  meddle = (_, body) => ({ body });
  cacheFolder = mkdtempSync(join(tmpdir(), 'tessera-cache-'));
  server = createServer((request, response) => {
    const path = new URL(request.url!, 'http://localhost').pathname;
    queries.add(new URL(request.url!, 'http://localhost').search);
    requests.push(path);
    const file = join(fileURLToPath(modelFolder), path);
    if (!existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end();
      return;
    }
    const { body, cutAt } = meddle(path, readFileSync(file));
    response.writeHead(200, { 'content-length': body.length });
    if (cutAt === undefined) response.end(body);
    else response.write(body.subarray(0, cutAt), () => setTimeout(() => response.destroy(), 50));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(cacheFolder, { recursive: true });
});

/** The manifest where an exclamation mark is added to each of some files. */
function updated(json: Buffer, paths: readonly string[]): Buffer {
  const manifest = JSON.parse(json.toString());
  for (const file of manifest.files) {
    if (!paths.includes(file.path)) continue;
    const content = readFileSync(join(fileURLToPath(modelFolder), file.path));
    file.bytes++;
    file.sha256 = createHash('sha256').update(content).update('!').digest('hex');
  }
  return Buffer.from(JSON.stringify(manifest));
}

const load = (onProgress?: (progress: LoadProgress) => void) =>
  loadModel(address, { device: 'cpu', cacheFolder, ...(onProgress ? { onProgress } : {}) });

it('fetches a model once and then takes it from the cache', async () => {
  const reports: LoadProgress[] = [];
  await (await load((report) => reports.push(report))).dispose();
  const downloads = reports.filter(({ phase }) => phase === 'download');
  expect(downloads.at(-1)!.loadedBytes).toBe(downloads[0]!.totalBytes);
  expect(requests).toContain('/onnx/condition.onnx');
  requests = [];
  await (await load()).dispose();
  expect(requests).toEqual(['/mar.json']);
});

it('works from the cache when the server is gone', async () => {
  await (await load()).dispose();
  await new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  const model = await load();
  expect(model.manifest.name).toBe('tiny');
  await model.dispose();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

it('leaves the model that was there before as it is where an update breaks off', async () => {
  await (await load()).dispose();
  // A new version, of which two files are other ones.
  const changed = ['onnx/condition.onnx', 'onnx/decoder.onnx'];
  meddle = (path, body) => {
    if (path === '/mar.json') return { body: updated(body, changed) };
    if (path === '/onnx/decoder.onnx') return { body: Buffer.concat([body, Buffer.from('!')]), cutAt: 1000 };
    return { body: path === '/onnx/condition.onnx' ? Buffer.concat([body, Buffer.from('!')]) : body };
  };
  const update = bringFolder(address, { dtype: 'auto', cacheFolder, backOff: 0 });
  await expect(update).rejects.toMatchObject({ code: 'model-file' });
  await new Promise((resolve) => server.close(resolve));
  await (await load()).dispose();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

it('says why the cache could not be written to', async () => {
  const file = join(cacheFolder, 'file');
  writeFileSync(file, '');
  await expect(loadModel(address, { device: 'cpu', cacheFolder: file })).rejects.toMatchObject({
    code: 'model-file',
    message: expect.stringMatching(/file.*could not be written to the cache: ENOTDIR.*cacheFolder/),
  });
});

it('rejects with what onProgress threw, while it downloads and while it loads', async () => {
  const mistake = new TypeError('no such bar');
  for (const phase of ['download', 'prepare']) {
    const loading = load((report) => {
      if (report.phase === phase) throw mistake;
    });
    await expect(loading).rejects.toBe(mistake);
  }
});

it('asks with the query of the address for each file, and finds what another query has brought', async () => {
  await (await loadModel(`${address}?v=2`, { device: 'cpu', cacheFolder })).dispose();
  expect(requests).toContain('/onnx/condition.onnx');
  expect([...queries]).toEqual(['?v=2']);
  requests = [];
  await (await loadModel(`${address}/?v=3#here`, { device: 'cpu', cacheFolder })).dispose();
  expect(requests).toEqual(['/mar.json']);
});

it('fetches each file once for two who load at the same time, and goes on for one where the other stops', async () => {
  const controller = new AbortController();
  const stopped = loadModel(address, {
    device: 'cpu',
    cacheFolder,
    signal: controller.signal,
    onProgress: () => controller.abort(new Error('enough')),
  });
  const both = Promise.all([load(), load()]);
  await expect(stopped).rejects.toThrow('enough');
  for (const model of await both) await model.dispose();
  const decoders = requests.filter((path) => path.endsWith('decoder.onnx'));
  expect(decoders).toHaveLength(1);
});

it('stores models below XDG_CACHE_HOME, which is ignored where it is relative, as its specification says', () => {
  const ownFolder = join(homedir(), '.cache', 'tessera');
  for (const [value, folder] of [
    ['/var/cache/me', join('/var/cache/me', 'tessera')],
    ['rel', ownFolder],
    ['', ownFolder],
  ] as const) {
    vi.stubEnv('XDG_CACHE_HOME', value);
    expect(defaultCacheFolder()).toBe(folder);
  }
  vi.unstubAllEnvs();
});
