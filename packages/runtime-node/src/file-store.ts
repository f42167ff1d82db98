import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseManifest } from '@tessera/format';
import type { ManifestFile, ModelStore } from '@tessera/onnx';
import { arrivingFiles, onDisk } from './arriving-files.js';
import { partOf } from './partial-file.js';

/**
 * A store in a folder, which then is a model folder. Files arrive beside those that they replace, and are renamed when the
 * model is committed.
 */
export function fileStore(folder: string): ModelStore {
  const { placeOf, close, finish, ...store } = arrivingFiles<ManifestFile>(folder, ({ path }) =>
    join(folder, path),
  );
  const manifestOf = (): Promise<string | undefined> =>
    readFile(join(folder, 'mar.json'), 'utf8').catch(() => undefined);

  return {
    ...store,
    manifest: manifestOf,
    async read(file) {
      const bytes = await readFile(await placeOf(file));
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    },
    async commit({ json, manifest, files }) {
      await close();
      const before = pathsIn(await manifestOf());
      await onDisk(folder, async () => {
        for (const file of files) await finish(file);
        const path = join(folder, 'mar.json');
        await mkdir(folder, { recursive: true });
        await writeFile(partOf(path), json);
        await rename(partOf(path), path);
      });
      const listed = new Set(manifest.files.map(({ path }) => path));
      for (const path of before) {
        // One that can't be removed, because it is in use, does no harm.
        if (!listed.has(path)) await rm(join(folder, path), { force: true }).catch(() => undefined);
      }
    },
  };
}

/** The files that a manifest lists; none where it is missing or can't be read. */
function pathsIn(json: string | undefined): readonly string[] {
  try {
    return json === undefined ? [] : parseManifest(json).files.map(({ path }) => path);
  } catch {
    return [];
  }
}
