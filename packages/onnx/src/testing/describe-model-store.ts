import type { Manifest } from '@tessera/format';
import { exampleManifest } from '@tessera/format/testing';
import { afterEach, describe, expect, it } from 'vitest';
import type { ManifestFile } from '../model-files.js';
import type { CommittedModel, ModelStore } from '../store/model-store.js';
import { sha256 } from '../store/sha256.js';

/** A place for a model. */
export interface OpenStore {
  /** A store at that place, as each later process or page opens one. */
  open(): ModelStore;
  /** Removes the place. */
  close?(): Promise<void> | void;
}

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

async function fileOf(path: string, content: string): Promise<ManifestFile> {
  const bytes = bytesOf(content);
  return { path, bytes: bytes.length, sha256: await sha256(bytes) };
}

/** A version of a model with one file a text. */
async function modelOf(contents: Readonly<Record<string, string>>): Promise<CommittedModel> {
  const files = await Promise.all(Object.entries(contents).map(([path, content]) => fileOf(path, content)));
  const example = exampleManifest();
  const [{ components: parts, ...variant }] = example.variants as [Manifest['variants'][number]];
  const components = Object.fromEntries(Object.keys(parts).map((name) => [name, { path: files[0]!.path }]));
  const variants = [{ ...variant, components: components as typeof parts }];
  const manifest: Manifest = { ...example, variants, files };
  return { json: JSON.stringify(manifest), manifest, files };
}

/** The suite that each driver of {@link ModelStore} passes. */
export function describeModelStore(name: string, place: () => OpenStore | Promise<OpenStore>): void {
  describe(`${name}, a store of models`, () => {
    const places: OpenStore[] = [];
    afterEach(async () => {
      for (const each of places.splice(0)) await each.close?.();
    });
    const opened = async (): Promise<OpenStore> => {
      const each = await place();
      places.push(each);
      return each;
    };
    /** Stores a model whole. */
    async function put(
      store: ModelStore,
      contents: Readonly<Record<string, string>>,
    ): Promise<CommittedModel> {
      const model = await modelOf(contents);
      for (const file of model.files) {
        if ((await store.size(file)) === 0) await store.append(file, bytesOf(contents[file.path]!));
      }
      await store.commit(model);
      return model;
    }

    it('has neither a manifest nor files at first', async () => {
      const store = (await opened()).open();
      const file = await fileOf('onnx/a.onnx', 'abc');
      expect(await store.manifest()).toBeUndefined();
      expect(await store.size(file)).toBe(0);
      await store.remove(file);
      await store.leave();
    });

    it('appends bytes in order, and hashes them', async () => {
      const store = (await opened()).open();
      const file = await fileOf('onnx/a.onnx', 'abcdef');
      for (const part of ['ab', 'cde', 'f']) await store.append(file, bytesOf(part));
      expect(await store.size(file)).toBe(6);
      expect(textOf(await store.read(file))).toBe('abcdef');
      expect(await store.sha256(file)).toBe(file.sha256);
      await store.leave();
    });

    it('keeps a copy of what is appended', async () => {
      const store = (await opened()).open();
      const file = await fileOf('a.onnx', 'abcdef');
      const chunk = bytesOf('abc');
      await store.append(file, chunk);
      chunk.fill(0);
      await store.append(file, bytesOf('def'));
      expect(textOf(await store.read(file))).toBe('abcdef');
      await store.leave();
    });

    it('leaves what has arrived to whoever opens it next', async () => {
      const { open } = await opened();
      const before = open();
      const [first, second] = [await fileOf('onnx/a.onnx', 'abcdef'), await fileOf('b.onnx', 'xyz')];
      await before.append(first, bytesOf('abcdef'));
      await before.append(second, bytesOf('x'));
      await before.leave();
      const after = open();
      expect(await after.manifest()).toBeUndefined();
      expect([await after.size(first), await after.size(second)]).toEqual([6, 1]);
      await after.append(second, bytesOf('yz'));
      expect(await after.sha256(second)).toBe(second.sha256);
      await after.leave();
    });

    it('removes what has arrived of a file, which then begins again', async () => {
      const { open } = await opened();
      const store = open();
      const file = await fileOf('onnx/a.onnx', 'abc');
      await store.append(file, bytesOf('ax'));
      await store.remove(file);
      expect(await store.size(file)).toBe(0);
      await store.append(file, bytesOf('abc'));
      expect(textOf(await store.read(file))).toBe('abc');
      await store.remove(file);
      await store.leave();
      expect(await open().size(file)).toBe(0);
    });

    it('gives a committed model to whoever opens it next', async () => {
      const { open } = await opened();
      const { json, files } = await put(open(), { 'onnx/a.onnx': 'abc', 'b.onnx': 'xyz' });
      const later = open();
      expect(await later.manifest()).toBe(json);
      for (const file of files) {
        expect(await later.size(file)).toBe(3);
        expect(await later.sha256(file)).toBe(file.sha256);
      }
    });

    it('has the committed version serve on while the next one arrives, and where that breaks off', async () => {
      const { open } = await opened();
      const old = await put(open(), { 'a.onnx': 'abc', 'b.onnx': 'xyz' });
      const next = await modelOf({ 'a.onnx': 'abC', 'b.onnx': 'xyz' });
      const updating = open();
      const [changed, same] = next.files;
      // It may be there, of the same size: its hash tells.
      if ((await updating.size(changed!)) > 0) {
        expect(await updating.sha256(changed!)).not.toBe(changed!.sha256);
        await updating.remove(changed!);
      }
      expect(await updating.size(changed!)).toBe(0);
      expect(await updating.sha256(same!)).toBe(same!.sha256);
      await updating.append(changed!, bytesOf('ab'));
      await updating.leave();

      const still = open();
      expect(await still.manifest()).toBe(old.json);
      for (const file of old.files) expect(await still.sha256(file)).toBe(file.sha256);
    });

    it('replaces a version by the next one, and removes files that only the one before had', async () => {
      const { open } = await opened();
      const old = await put(open(), { 'a.onnx': 'abc', 'b.onnx': 'xyz', 'c.onnx': '123' });
      const store = open();
      const next = await modelOf({ 'a.onnx': 'ABCD', 'b.onnx': 'xyz' });
      for (const file of next.files.slice(0, 1)) await store.append(file, bytesOf('ABCD'));
      await store.commit(next);
      const later = open();
      expect(await later.manifest()).toBe(next.json);
      for (const file of next.files) expect(await later.sha256(file)).toBe(file.sha256);
      expect(await later.size(old.files[2]!)).toBe(0);
    });
  });
}
