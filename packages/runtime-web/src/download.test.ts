import { createHash } from 'node:crypto';
import type { ManifestFile } from '@tessera/onnx';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ensureFile } from './download.js';
import type { FileStorage } from './file-storage.js';
import { KeptFiles } from './kept-files.js';

const content = Uint8Array.from({ length: 20 * 2 ** 20 }, (_, i) => i % 251);
const file: ManifestFile = {
  path: 'onnx/graph.onnx',
  bytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
};

/** A storage in memory; `room` bytes fit. */
function memoryStorage(room = Number.POSITIVE_INFINITY): FileStorage & { entries: Map<string, Uint8Array> } {
  const entries = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    entries,
    read: async (name) => entries.get(name),
    async write(name, bytes) {
      const used = [...entries.values()].reduce((sum, each) => sum + each.length, 0);
      if (used + bytes.length > room) throw new DOMException('Quota exceeded.', 'QuotaExceededError');
      entries.set(name, bytes);
    },
    async remove(name) {
      entries.delete(name);
    },
  };
}

let ranges: (string | null)[];
/** The next answers; a number cuts the content off there. */
let answers: (number | Uint8Array)[];
/** In how many bytes at a time the next ones come. */
let chunks: number[];

beforeEach(() => {
  ranges = [];
  answers = [];
  chunks = [];
  vi.stubGlobal('fetch', async (_url: string, { headers }: RequestInit) => {
    const range = new Headers(headers).get('range');
    ranges.push(range);
    const answer = answers.shift() ?? content;
    const from = Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
    const [body, cutAt] = typeof answer === 'number' ? [content, answer] : [answer, undefined];
    const chunk = chunks.shift() ?? 2 ** 20;
    let at = from;
    const stream = new ReadableStream({
      pull(controller) {
        if (at >= (cutAt ?? body.length)) {
          if (cutAt === undefined) controller.close();
          else controller.error(new TypeError('network error'));
          return;
        }
        const next = Math.min(at + chunk, cutAt ?? body.length);
        controller.enqueue(body.slice(at, next));
        at = next;
      },
    });
    return new Response(stream, { status: from > 0 ? 206 : 200 });
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

async function ensure(kept: KeptFiles): Promise<string[]> {
  const phases: string[] = [];
  await ensureFile('http://test/graph.onnx', file, { kept, onBytes: (phase) => phases.push(phase) });
  return phases;
}

it('keeps pieces while they arrive, so that a closed page loses little', async () => {
  const storage = memoryStorage();
  answers = [17 * 2 ** 20];
  await expect(ensure(new KeptFiles(storage))).rejects.toMatchObject({
    message: expect.stringMatching(/broke off after 17825792 of 20971520/),
  });
  expect([...storage.entries.values()].map((piece) => piece.length / 2 ** 20)).toEqual([8, 8, 1]);
  await ensure(new KeptFiles(storage));
  expect(ranges).toEqual([null, 'bytes=17825792-']);
  expect(await ensure(new KeptFiles(storage))).toEqual(['check']);
  const { bytes } = await new KeptFiles(storage).read(file);
  expect(bytes.every((value, i) => value === content[i])).toBe(true);
});

it('keeps the same pieces for two pages that load at once, however the network cuts what it sends', async () => {
  const storage = memoryStorage();
  chunks = [700_000, 640_000];
  await Promise.all([ensure(new KeptFiles(storage)), ensure(new KeptFiles(storage))]);
  expect([...storage.entries.values()].map((piece) => piece.length / 2 ** 20)).toEqual([8, 8, 4]);
  const kept = new KeptFiles(storage);
  // A third one that broke off does not take away what came after.
  expect(await kept.keep(file, content, 0, 17 * 2 ** 20)).toBe(true);
  const { bytes, loaded } = await kept.read(file);
  expect(loaded).toBe(file.bytes);
  expect(bytes.every((value, i) => value === content[i])).toBe(true);
});

it('begins again where pieces from before do not fit the rest', async () => {
  const storage = memoryStorage();
  answers = [9 * 2 ** 20];
  await expect(ensure(new KeptFiles(storage))).rejects.toThrow();
  [...storage.entries.values()][0]![7] = 99;
  await ensure(new KeptFiles(storage));
  expect(ranges).toEqual([null, 'bytes=9437184-', null]);
  expect(await ensure(new KeptFiles(storage))).toEqual(['check']);
});

it('fetches a kept file again that was damaged', async () => {
  const storage = memoryStorage();
  await ensure(new KeptFiles(storage));
  [...storage.entries.values()][1]![7] = 99;
  expect(new Set(await ensure(new KeptFiles(storage)))).toEqual(new Set(['download']));
  expect(await ensure(new KeptFiles(storage))).toEqual(['check']);
});

it('holds a file in memory that does not fit, and says why', async () => {
  const kept = new KeptFiles(memoryStorage(10 * 2 ** 20));
  await ensure(kept);
  expect(kept.notKept).toMatch(/no room left/);
  const { bytes, loaded } = await kept.read(file);
  expect(loaded).toBe(file.bytes);
  expect(bytes.every((value, i) => value === content[i])).toBe(true);
});

it('refuses a file that is longer or other than the manifest says, and keeps nothing of it', async () => {
  for (const wrong of [new Uint8Array(content.length + 1), new Uint8Array(content.length)]) {
    const storage = memoryStorage();
    answers = [wrong];
    await expect(ensure(new KeptFiles(storage))).rejects.toMatchObject({ code: 'model-file' });
    expect(storage.entries.size).toBe(0);
  }
});
