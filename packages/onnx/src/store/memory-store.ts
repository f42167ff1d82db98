import type { ManifestFile } from '../model-files.js';
import type { ModelStore } from './model-store.js';
import { sha256 } from './sha256.js';

/** A store in memory: for tests, and where nothing may be written. */
export function memoryStore(): ModelStore {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  let committed: string | undefined;
  const read = (file: ManifestFile): Uint8Array<ArrayBuffer> => files.get(file.sha256) ?? new Uint8Array();
  return {
    manifest: async () => committed,
    size: async (file) => read(file).length,
    read: async (file) => read(file),
    sha256: (file) => sha256(read(file)),
    async append(file, bytes) {
      const before = read(file);
      const all = new Uint8Array(before.length + bytes.length);
      all.set(before);
      all.set(bytes, before.length);
      files.set(file.sha256, all);
    },
    async remove(file) {
      files.delete(file.sha256);
    },
    async leave() {},
    async commit({ json, manifest }) {
      committed = json;
      const listed = new Set(manifest.files.map((file) => file.sha256));
      for (const name of files.keys()) if (!listed.has(name)) files.delete(name);
    },
  };
}
