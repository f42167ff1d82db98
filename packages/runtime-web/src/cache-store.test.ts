import { createHash } from 'node:crypto';
import type { Manifest } from '@tessera/format';
import { exampleManifest } from '@tessera/format/testing';
import type { ManifestFile } from '@tessera/onnx';
import { describeModelStore } from '@tessera/onnx/testing';
import { describe, expect, it } from 'vitest';
import { cacheStore } from './cache-store.js';
import type { FileStorage } from './file-storage.js';

const MB = 2 ** 20;
const ADDRESS = 'http://test/model/';

/** A browser's storage in memory; `room` bytes fit. */
function storageInMemory(room = Number.POSITIVE_INFINITY) {
  const entries = new Map<string, Uint8Array<ArrayBuffer>>();
  const storage: FileStorage = {
    read: async (name) => entries.get(name),
    async write(name, bytes) {
      const used = [...entries].reduce((sum, [other, { length }]) => sum + (other === name ? 0 : length), 0);
      if (used + bytes.length > room) throw new DOMException('Quota exceeded.', 'QuotaExceededError');
      entries.set(name, bytes);
    },
    remove: async (name) => void entries.delete(name),
  };
  const pieces = () => [...entries].filter(([name]) => /\/\d+$/.test(name));
  return { storage, pieces };
}

function fileOf(content: Uint8Array, path = 'onnx/a.onnx'): ManifestFile {
  return { path, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
}

function modelOf(...files: readonly ManifestFile[]) {
  const manifest: Manifest = { ...exampleManifest(), files: [...files] };
  return { json: JSON.stringify(manifest), manifest, files };
}

const large = Uint8Array.from({ length: 20 * MB }, (_, i) => i % 251);
const largeFile = fileOf(large);

describeModelStore("a browser's storage", () => {
  const { storage } = storageInMemory();
  return { open: () => cacheStore(storage, ADDRESS) };
});

describe("a browser's storage", () => {
  /** Appends bytes in chunks of a size. */
  async function fill(
    store: ReturnType<typeof cacheStore>,
    from: number,
    to: number,
    chunk = MB,
  ): Promise<void> {
    for (let at = from; at < to; at += chunk) {
      await store.append(largeFile, large.slice(at, Math.min(to, at + chunk)));
    }
  }

  it('stores pieces while they arrive, so that a closed page loses little', async () => {
    const { storage, pieces } = storageInMemory();
    await fill(cacheStore(storage, ADDRESS), 0, 17 * MB);
    expect(pieces().map(([, { length }]) => length / MB)).toEqual([8, 8]);
    const next = cacheStore(storage, ADDRESS);
    expect(await next.size(largeFile)).toBe(16 * MB);
    await fill(next, 16 * MB, 17 * MB);
    await next.leave();
    expect(pieces().map(([, { length }]) => length / MB)).toEqual([8, 8, 1]);
  });

  it('stores the same pieces for two pages that load at once, however the network cuts what it sends', async () => {
    const { storage, pieces } = storageInMemory();
    const [one, two] = [cacheStore(storage, ADDRESS), cacheStore(storage, ADDRESS)];
    await Promise.all([fill(one, 0, 20 * MB, 700_000), fill(two, 0, 20 * MB, 640_000)]);
    expect(pieces().map(([, { length }]) => length / MB)).toEqual([8, 8, 4]);
    expect(await cacheStore(storage, ADDRESS).sha256(largeFile)).toBe(largeFile.sha256);
  });

  it('does not take away what another page has stored of a piece', async () => {
    const { storage } = storageInMemory();
    const slow = cacheStore(storage, ADDRESS);
    await fill(slow, 0, 17 * MB);
    await fill(cacheStore(storage, ADDRESS), 16 * MB, 20 * MB);
    await slow.leave();
    expect(await cacheStore(storage, ADDRESS).size(largeFile)).toBe(20 * MB);
  });

  it('holds a file in memory that does not fit, and says why', async () => {
    const store = cacheStore(storageInMemory(10 * MB).storage, ADDRESS);
    await fill(store, 0, 20 * MB);
    await store.leave();
    expect(store.cacheError).toMatch(/no room left/);
    expect(await store.sha256(largeFile)).toBe(largeFile.sha256);
  });

  it('makes room for a version that does not fit beside the one before', async () => {
    const { storage, pieces } = storageInMemory(12 * MB);
    const old = Uint8Array.from({ length: 9 * MB }, () => 1);
    const next = Uint8Array.from({ length: 9 * MB }, () => 2);
    for (const content of [old, next]) {
      const file = fileOf(content);
      const store = cacheStore(storage, ADDRESS);
      await store.append(file, content);
      await store.commit(modelOf(file));
      expect(store.cacheError).toBeUndefined();
      expect(new Set(pieces().map(([name]) => name.split('/')[0]))).toEqual(new Set([file.sha256]));
    }
  });

  it('removes superseded files whatever the query of the address, and leaves files to other models that have them', async () => {
    const { storage, pieces } = storageInMemory();
    const [x, y] = ['x', 'y'].map((text) => new TextEncoder().encode(text)) as [
      Uint8Array<ArrayBuffer>,
      Uint8Array<ArrayBuffer>,
    ];
    const put = async (address: string, content: Uint8Array<ArrayBuffer>) => {
      const store = cacheStore(storage, address);
      const file = fileOf(content);
      if ((await store.size(file)) === 0) await store.append(file, content);
      await store.commit(modelOf(file));
      return pieces().map(([name]) => name);
    };
    const [nameX, nameY] = [x, y].map((content) => `${fileOf(content).sha256}/0`);
    expect(await put('http://test/a?v=1', y)).toEqual([nameY]);
    expect(await put('http://test/b/', y)).toEqual([nameY]);
    expect(await put('http://test/a?v=2', x)).toEqual([nameY, nameX]);
    expect(await put('http://test/b/', x)).toEqual([nameX]);
  });

  it('removes what an update left that broke off, with the next', async () => {
    const { storage, pieces } = storageInMemory();
    const contents = ['x', 'yy', 'z'].map((text) => new TextEncoder().encode(text));
    const [x, y, z] = contents.map((content) => fileOf(content)) as [
      ManifestFile,
      ManifestFile,
      ManifestFile,
    ];
    const first = cacheStore(storage, ADDRESS);
    await first.append(x, contents[0]!);
    await first.commit(modelOf(x));
    const broken = cacheStore(storage, ADDRESS);
    await broken.append(y, contents[1]!.slice(1));
    await broken.leave();
    expect(pieces()).toHaveLength(2);
    const last = cacheStore(storage, ADDRESS);
    await last.append(z, contents[2]!);
    await last.commit(modelOf(z));
    expect(pieces().map(([name]) => name)).toEqual([`${z.sha256}/0`]);
  });
});
