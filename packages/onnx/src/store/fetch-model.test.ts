import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Manifest } from '@tessera/format';
import { exampleManifest } from '@tessera/format/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LoadProgress } from '../loading/load-options.js';
import { type FetchModelOptions, fetchModel } from './fetch-model.js';
import { memoryStore } from './memory-store.js';
import type { ModelStore } from './model-store.js';

type Answer = (request: IncomingMessage, response: ServerResponse, body: Buffer, url: URL) => void;

const plainly: Answer = (_, response, body) => void response.end(body);

/** What files have in them: an index by path. */
const contents = new Map<string, Buffer>();
let manifest: Manifest;
let server: Server;
let address: string;
let answer: Answer;
let requests: { path: string; range: string | undefined; headers: IncomingMessage['headers'] }[];
let store: ModelStore;

/** The one large file. */
const LARGE = exampleManifest().files[0]!.path;

beforeEach(async () => {
  contents.clear();
  const example = exampleManifest();
  const paths = example.files.map(({ path }) => path);
  for (const [k, path] of paths.entries()) {
    const size = path === LARGE ? 200_000 : 50;
    contents.set(path, Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * 31 + k) % 251)));
  }
  setManifest();
  answer = plainly;
  requests = [];
  store = memoryStore();
  server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://localhost');
    const path = decodeURIComponent(url.pathname.slice(1));
    requests.push({ path, range: request.headers.range, headers: request.headers });
    const body = path === 'mar.json' ? Buffer.from(JSON.stringify(manifest)) : contents.get(path);
    if (body) answer(request, response, body, url);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterEach(stopServer);

async function stopServer(): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** Describes the contents as they are. */
function setManifest(): void {
  const files = [...contents].map(([path, content]) => ({
    path,
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
  }));
  manifest = { ...exampleManifest(), files };
}

const load = (options: Partial<FetchModelOptions> = {}) =>
  fetchModel(address, { store, dtype: 'auto', backOff: 0, ...options });
const requested = (path: string) => requests.filter((each) => each.path === path).map(({ range }) => range);

async function expectWhole(): Promise<void> {
  for (const file of manifest.files) {
    expect(Buffer.from(await store.read(file)).equals(contents.get(file.path)!), file.path).toBe(true);
  }
}

/** Breaks the large file off in the middle once, and then answers requests that resume by `then`. */
function breakOffOnce(then: (response: ServerResponse, body: Buffer, from: number) => void): Answer {
  let hasBroken = false;
  return (request, response, body) => {
    const range = /bytes=(\d+)-/.exec(request.headers.range ?? '');
    if (range) return then(response, body, Number(range[1]));
    if (body.length < 100_000 || hasBroken) return void response.end(body);
    hasBroken = true;
    response.writeHead(200, { 'content-length': body.length });
    response.write(body.subarray(0, body.length >> 1), () => setTimeout(() => response.destroy(), 20));
  };
}

const rangeFrom = (from: number, body: Buffer) => ({
  'content-range': `bytes ${from}-${body.length - 1}/${body.length}`,
});

describe('fetchModel', () => {
  it('requests each file once, and then the manifest alone', async () => {
    const { manifest: fetched, dtype } = await load();
    expect([fetched.name, dtype]).toEqual(['example', 'fp32']);
    await expectWhole();
    expect(requests).toHaveLength(1 + manifest.files.length);
    requests = [];
    await load();
    expect(requests.map(({ path }) => path)).toEqual(['mar.json']);
  });

  it('reports bytes up to the exact total, and what is there already as checked', async () => {
    const total = manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const phase of ['download', 'check']) {
      const reports: LoadProgress[] = [];
      await load({ onProgress: (report) => reports.push(report) });
      expect(new Set(reports.map(({ totalBytes }) => totalBytes))).toEqual(new Set([total]));
      expect(new Set(reports.map((report) => report.phase))).toEqual(new Set([phase]));
      const loaded = reports.map(({ loadedBytes }) => loadedBytes);
      expect(loaded).toEqual(loaded.toSorted((a, b) => a - b));
      expect(loaded.at(-1)).toBe(total);
    }
  });

  it('rejects with what onProgress threw', async () => {
    const mistake = new TypeError('no such bar');
    const onProgress = () => {
      throw mistake;
    };
    await expect(load({ onProgress })).rejects.toBe(mistake);
    await load();
  });

  it('takes the stored model where there is no network, and never in place of what a server answers', async () => {
    await load();
    for (const status of [403, 404, 500]) {
      answer = (_, response) => void response.writeHead(status).end();
      await expect(load()).rejects.toMatchObject({
        code: 'model-file',
        message: expect.stringMatching(new RegExp(`mar\\.json: the server answered ${status}`)),
      });
    }
    await stopServer();
    expect((await load()).manifest.name).toBe('example');
    await expect(load({ store: memoryStore() })).rejects.toMatchObject({
      code: 'model-file',
      message: expect.stringMatching(/could not be reached/),
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  it('sends the query of the address and the headers with each request', async () => {
    await fetchModel(`${address}?v=2`, { store, dtype: 'auto', headers: { authorization: 'Bearer x' } });
    expect(new Set(requests.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer x']));
  });

  it('begins again where what an earlier download left is not of the file that is there now', async () => {
    answer = (_, response, body) => {
      if (body.length < 100_000) return void response.end(body);
      response.writeHead(200, { 'content-length': body.length });
      response.write(Buffer.alloc(1000), () => setTimeout(() => response.destroy(), 20));
    };
    await expect(load()).rejects.toMatchObject({
      message: expect.stringMatching(/broke off after 1000 of 200000/),
    });
    answer = breakOffOnce((response, body, from) => {
      response.writeHead(206, rangeFrom(from, body));
      response.end(body.subarray(from));
    });
    requests = [];
    await load();
    await expectWhole();
    expect(requested(LARGE)).toEqual(['bytes=1000-', undefined, 'bytes=100000-']);
  });

  it('replaces the stored model once all of the next one has arrived', async () => {
    await load();
    const before = JSON.stringify(manifest);
    contents.set(LARGE, Buffer.concat([contents.get(LARGE)!, Buffer.from('!')]));
    setManifest();
    answer = breakOffOnce((response) => response.destroy());
    await expect(load()).rejects.toMatchObject({ code: 'model-file' });
    expect(await store.manifest()).toBe(before);
    answer = plainly;
    await load();
    expect(await store.manifest()).toBe(JSON.stringify(manifest));
    await expectWhole();
  });

  it('hashes a file that has all arrived where loading was stopped before', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const stopping: ModelStore = {
      ...store,
      sha256(file, signal) {
        controller.abort(reason);
        signal?.throwIfAborted();
        return store.sha256(file);
      },
    };
    await expect(load({ store: stopping, signal: controller.signal })).rejects.toBe(reason);
    requests = [];
    await load();
    expect(requested(LARGE)).toEqual([]);
  });

  it.each([
    ['other', (body: Buffer) => Buffer.alloc(body.length, 1), /its SHA-256/],
    ['longer', (body: Buffer) => Buffer.concat([body, Buffer.from('x')]), /has more than the \d+ bytes/],
    ['shorter', (body: Buffer) => body.subarray(1), /has \d+ bytes, the manifest says/],
  ])('takes no file that is %s than the manifest says, and names its address', async (_, change, problem) => {
    answer = (_request, response, body, { pathname }) =>
      void response.end(pathname.endsWith('embed.onnx') ? change(body) : body);
    await expect(load()).rejects.toMatchObject({
      code: 'model-file',
      path: `${address}onnx/embed.onnx`,
      message: expect.stringMatching(problem),
    });
    answer = plainly;
    await load();
    await expectWhole();
  });
});

describe('fetchModel goes on where a download broke off, from a server that', () => {
  it.each<[string, (response: ServerResponse, body: Buffer, from: number) => void, number]>([
    [
      'sends what is lacking',
      (response, body, from) => response.writeHead(206, rangeFrom(from, body)).end(body.subarray(from)),
      1,
    ],
    ['knows no ranges and sends all', (response, body) => response.writeHead(200).end(body), 1],
    [
      'sends what is lacking under status 200',
      (response, body, from) => response.writeHead(200, rangeFrom(from, body)).end(body.subarray(from)),
      1,
    ],
    [
      'begins at an earlier byte',
      (response, body, from) =>
        response.writeHead(206, rangeFrom(from - 1000, body)).end(body.subarray(from - 1000)),
      1,
    ],
    [
      'does not say where it begins',
      (response, body, from) => response.writeHead(206).end(body.subarray(from)),
      1,
    ],
    [
      'compresses what is lacking',
      (response, body, from) =>
        response
          .writeHead(206, { 'content-encoding': 'gzip', ...rangeFrom(from, body) })
          .end(gzipSync(body.subarray(from))),
      1,
    ],
    [
      'answers 416',
      (response, body) => response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end(),
      2,
    ],
    [
      'sends parts of a multipart message',
      (response, body, from) =>
        response
          .writeHead(206, { 'content-type': 'multipart/byteranges; boundary=x' })
          .end(
            Buffer.concat([
              Buffer.from(`--x\r\nContent-Range: bytes ${from}-${body.length - 1}/${body.length}\r\n\r\n`),
              body.subarray(from),
              Buffer.from('\r\n--x--\r\n'),
            ]),
          ),
      2,
    ],
    [
      'begins at a later byte',
      (response, body, from) =>
        response.writeHead(206, rangeFrom(from + 10, body)).end(body.subarray(from + 10)),
      2,
    ],
    [
      'sends less than is lacking',
      (response, body, from) => response.writeHead(206).end(body.subarray(from + 10)),
      2,
    ],
  ])('%s', async (_, then, attempts) => {
    answer = breakOffOnce(then);
    await load();
    await expectWhole();
    expect(requested(LARGE)).toEqual([undefined, 'bytes=100000-', undefined].slice(0, 1 + attempts));
  });
});

it('a connection over which nothing comes, or no answer, is made again', async () => {
  const silences = [
    (response: ServerResponse, body: Buffer) =>
      response.writeHead(200, { 'content-length': body.length }).write(body.subarray(0, 1000)),
    () => undefined,
  ];
  answer = (request, response, body) => {
    const silence = body.length < 100_000 ? undefined : silences.shift();
    const from = Number(/\d+/.exec(request.headers.range ?? '0')![0]);
    if (silence) silence(response, body);
    else if (from > 0) response.writeHead(206, rangeFrom(from, body)).end(body.subarray(from));
    else response.end(body);
  };
  await load({ timeout: 0.5 });
  await expectWhole();
  expect(requested(LARGE)).toEqual([undefined, 'bytes=1000-', 'bytes=1000-']);
});

it('a store without room refuses before the first file is requested', async () => {
  const total = manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
  const reserve = async (bytes: number): Promise<void> => {
    throw new RangeError(`no room for ${bytes}`);
  };
  await expect(load({ store: { ...store, reserve } })).rejects.toThrow(`no room for ${total}`);
  expect(requests.map(({ path }) => path)).toEqual(['mar.json']);
});

describe('fetchModel loads from a server that', () => {
  it.each<[string, Answer]>([
    [
      'compresses',
      (_, response, body) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(body)),
    ],
    [
      'redirects, by relative and absolute addresses',
      ({ headers: { host } }, response, body, { pathname, searchParams }) => {
        const hop = searchParams.get('hop');
        if (hop === null) response.writeHead(302, { location: `${pathname}?hop=1` }).end();
        else if (hop === '1') response.writeHead(307, { location: `http://${host}${pathname}?hop=2` }).end();
        else response.end(body);
      },
    ],
  ])('%s', async (_, habit) => {
    answer = habit;
    await load();
    await expectWhole();
  });

  it.each([
    [429, '1'],
    [503, new Date(Date.now() + 500).toUTCString()],
    [503, undefined],
  ])('answers %i with Retry-After: %s, after that time', async (status, retryAfter) => {
    let began = 0;
    let waited = 0;
    answer = (_, response, body, { pathname }) => {
      if (began > 0 || !pathname.endsWith('embed.onnx')) {
        if (pathname.endsWith('embed.onnx')) waited = performance.now() - began;
        return void response.end(body);
      }
      began = performance.now();
      response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end();
    };
    await load({ backOff: undefined });
    await expectWhole();
    if (retryAfter === undefined || retryAfter === '1') expect(waited).toBeGreaterThan(950);
  });
});

describe('fetchModel says why it does not load, and what to do, where a server', () => {
  const lfs = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 50\n`;
  const ofGraphs =
    (change: (response: ServerResponse) => void): Answer =>
    (_, response, body, { pathname }) =>
      void (pathname.includes('onnx') ? change(response) : response.end(body));

  it.each<[string, Answer, RegExp]>([
    [
      'answers 401',
      (_, r) => void r.writeHead(401).end(),
      /answered 401 Unauthorized: it wants a token.*headers/,
    ],
    [
      'answers 403',
      (_, r) => void r.writeHead(403).end(),
      /answered 403 Forbidden: it wants a token.*headers/,
    ],
    ['answers 404', (_, r) => void r.writeHead(404).end(), /answered 404 Not Found\. A model's address/],
    [
      'answers 500',
      (_, r) => void r.writeHead(500).end(),
      /answered 500 Internal Server Error: it has failed/,
    ],
    ['answers 204', (_, r) => void r.writeHead(204).end(), /answered 204 No Content/],
    [
      'answers 429 for longer than anyone waits',
      (_, r) => void r.writeHead(429, { 'retry-after': '3600' }).end(),
      /answered 429 Too Many Requests: it is busy\. Load again in 3600 s\./,
    ],
    [
      'redirects in a circle',
      (_, r, _body, { pathname }) => void r.writeHead(302, { location: pathname }).end(),
      /redirects in a circle/,
    ],
    ['has Git LFS pointers in place of graphs', ofGraphs((r) => r.end(lfs)), /Git LFS pointer.*git lfs pull/],
    [
      'has an HTML page in place of graphs',
      ofGraphs((r) => r.end('\ufeff<!-- x -->\n<html></html>')),
      /\.onnx: this is an HTML page.*Check the address/,
    ],
    [
      'sends a part of a file, though nobody asked for one',
      ofGraphs((r) => r.writeHead(206, { 'content-range': 'bytes 10-49/50' }).end('x'.repeat(40))),
      /sends a part of the file/,
    ],
  ])('%s', async (_, habit, message) => {
    answer = habit;
    await expect(load()).rejects.toMatchObject({
      code: 'model-file',
      message: expect.stringMatching(message),
    });
  });

  it('answers everything with the page of its login', async () => {
    answer = (_, response) => void response.end('<!DOCTYPE html><html>log in</html>');
    await expect(load()).rejects.toMatchObject({
      code: 'manifest',
      message: expect.stringMatching(/HTML page.*Check the address/),
    });
  });

  it.each<[string, Answer]>([
    [
      'never ends a file',
      (_, response, body) => {
        response.writeHead(200, { 'content-length': body.length });
        response.write(body.subarray(0, 10));
      },
    ],
    ['makes it wait', (_, response) => void response.writeHead(503, { 'retry-after': '30' }).end()],
  ])('%s: its signal stops it', async (_, habit) => {
    answer = (request, response, body, url) =>
      url.pathname.includes('onnx') ? habit(request, response, body, url) : void response.end(body);
    const signal = AbortSignal.timeout(200);
    await expect(load({ signal })).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});
