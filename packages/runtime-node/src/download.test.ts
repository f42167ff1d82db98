import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { modelFolder } from '@tessera/model-tiny';
import { type LoadProgress, loadModel, type ModelFileError } from '@tessera/runtime-node';
import { afterEach, beforeEach, expect, it } from 'vitest';

let server: Server;
let address: string;
let cacheFolder: string;
let requests: { path: string; range: string | undefined }[];
let queries: Set<string>;
/** The status of all answers, where it is not to be a success. */
let refuse: number | undefined;
/** Changes an answer: cuts it off after some bytes, or replaces it. */
let meddle: (path: string, body: Buffer) => { body: Buffer; cutAt?: number };

beforeEach(async () => {
  requests = [];
  queries = new Set();
  refuse = undefined;
  meddle = (_, body) => ({ body });
  cacheFolder = mkdtempSync(join(tmpdir(), 'tessera-cache-'));
  server = createServer((request, response) => {
    const path = new URL(request.url!, 'http://localhost').pathname;
    queries.add(new URL(request.url!, 'http://localhost').search);
    if (refuse) return void response.writeHead(refuse).end();
    const { range } = request.headers;
    requests.push({ path, range });
    const file = join(fileURLToPath(modelFolder), path);
    if (!existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end();
      return;
    }
    const { body, cutAt } = meddle(path, readFileSync(file));
    const from = Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': body.length - from });
    if (cutAt === undefined) response.end(body.subarray(from));
    else response.write(body.subarray(from, cutAt), () => setTimeout(() => response.destroy(), 500));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(cacheFolder, { recursive: true });
});

/** Where the one model in the cache has its graphs. */
const graphs = () => join(cacheFolder, readdirSync(cacheFolder)[0]!, 'onnx');

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
  expect(requests.map(({ path }) => path)).toContain('/onnx/condition.onnx');
  requests = [];
  await (await load()).dispose();
  expect(requests.map(({ path }) => path)).toEqual(['/mar.json']);
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

it('goes on where a download broke off', async () => {
  meddle = (path, body) => (path.endsWith('condition.onnx') ? { body, cutAt: 1_000_000 } : { body });
  const failure = await load().catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: 'model-file',
    message: expect.stringMatching(/broke off after \d+ of/),
  });
  const [arrived] = /\d+(?= of)/.exec((failure as ModelFileError).message)!;
  meddle = (_, body) => ({ body });
  requests = [];
  await (await load()).dispose();
  const again = requests.find(({ path }) => path.endsWith('condition.onnx'));
  expect(again!.range).toBe(`bytes=${arrived}-`);
});

it('keeps a file that has all arrived where loading is stopped before it was checked', async () => {
  const controller = new AbortController();
  const reason = new Error('stopped');
  const { size } = statSync(join(fileURLToPath(modelFolder), 'onnx/condition.onnx'));
  const loading = loadModel(address, {
    device: 'cpu',
    cacheFolder,
    signal: controller.signal,
    onProgress() {
      const part = readdirSync(graphs()).find((name) => name.startsWith('condition.onnx.part'));
      if (part && statSync(join(graphs(), part)).size === size) controller.abort(reason);
    },
  });
  await expect(loading).rejects.toBe(reason);
  requests = [];
  await (await load()).dispose();
  expect(requests.map(({ path }) => path)).not.toContain('/onnx/condition.onnx');
});

it('begins again where what an earlier download left is not of the file that is there now', async () => {
  meddle = (path, body) =>
    path.endsWith('condition.onnx') ? { body: Buffer.alloc(body.length), cutAt: 1_000_000 } : { body };
  await expect(load()).rejects.toThrow(/broke off/);
  meddle = (_, body) => ({ body });
  requests = [];
  await (await load()).dispose();
  const again = requests.filter(({ path }) => path.endsWith('condition.onnx'));
  expect(again.map(({ range }) => range)).toEqual([expect.stringMatching(/^bytes=\d+-$/), undefined]);
});

it.each([
  ['other', (body: Buffer) => Buffer.alloc(body.length), /its SHA-256/],
  ['longer', (body: Buffer) => Buffer.concat([body, body]), /has more than the \d+ bytes/],
  ['shorter', (body: Buffer) => body.subarray(1), /has \d+ bytes, the manifest says/],
])(
  'does not take a file that is %s than the manifest says, and names its address',
  async (_, change, problem) => {
    meddle = (path, body) => ({ body: path.endsWith('embed.onnx') ? change(body) : body });
    await expect(load()).rejects.toMatchObject({
      code: 'model-file',
      path: `${address}/onnx/embed.onnx`,
      message: expect.stringMatching(problem),
    });
    expect(readdirSync(graphs())).not.toContain('embed.onnx');
    meddle = (_, body) => ({ body });
    await (await load()).dispose();
  },
);

it('leaves the model that was there before as it is where an update breaks off', async () => {
  await (await load()).dispose();
  // A new version, of which two files are other ones.
  const changed = ['onnx/condition.onnx', 'onnx/decoder.onnx'];
  meddle = (path, body) => {
    if (path === '/mar.json') return { body: updated(body, changed) };
    if (path === '/onnx/decoder.onnx') return { body: Buffer.concat([body, Buffer.from('!')]), cutAt: 1000 };
    return { body: path === '/onnx/condition.onnx' ? Buffer.concat([body, Buffer.from('!')]) : body };
  };
  await expect(load()).rejects.toThrow(/broke off/);
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

it.each(['download', 'check'])('rejects with what onProgress threw in the phase %s', async (phase) => {
  const mistake = new TypeError('no such bar');
  const loading = load((report) => {
    if (report.phase === phase) throw mistake;
  });
  await expect(loading).rejects.toBe(mistake);
  await (await load()).dispose();
});

it('names what the server answered, and an HTML page where a manifest should be', async () => {
  await expect(loadModel(`${address}/nowhere`, { cacheFolder })).rejects.toMatchObject({
    code: 'model-file',
    message: expect.stringMatching(/404/),
  });
  meddle = () => ({ body: Buffer.from('<!doctype html><title>App</title>') });
  await expect(load()).rejects.toMatchObject({ code: 'manifest', message: expect.stringMatching(/HTML/) });
});

it('names an HTML page in the place of a graph, by its address', async () => {
  meddle = (path, body) => ({
    body: path.endsWith('embed.onnx') ? Buffer.from('\n<!doctype html><title>App</title>') : body,
  });
  await expect(load()).rejects.toMatchObject({
    code: 'model-file',
    path: `${address}/onnx/embed.onnx`,
    message: expect.stringMatching(/HTML page/),
  });
});

it('says what a server answers, though the model is in the cache', async () => {
  await (await load()).dispose();
  for (const status of [403, 404, 500]) {
    refuse = status;
    await expect(load()).rejects.toMatchObject({
      code: 'model-file',
      message: expect.stringMatching(new RegExp(`mar\\.json: the server answered ${status}`)),
    });
  }
});

it('asks with the query of the address for each file, and finds what another query has brought', async () => {
  await (await loadModel(`${address}?v=2`, { device: 'cpu', cacheFolder })).dispose();
  expect(requests.map(({ path }) => path)).toContain('/onnx/condition.onnx');
  expect([...queries]).toEqual(['?v=2']);
  requests = [];
  await (await loadModel(`${address}/?v=3#here`, { device: 'cpu', cacheFolder })).dispose();
  expect(requests.map(({ path }) => path)).toEqual(['/mar.json']);
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
  const decoders = requests.map(({ path }) => path).filter((path) => path.endsWith('decoder.onnx'));
  expect(decoders).toHaveLength(1);
});
