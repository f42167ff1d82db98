import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseManifest } from '@tessera/format';
import { type ManifestFile, ModelFileError, type ModelStore } from '@tessera/onnx';
import { leavePart, partOf, takeOverPart } from './partial-file.js';

/**
 * A store in a folder, which then is a model folder. Files arrive beside those that they replace, under the names of
 * `partial-file.ts`, and are renamed when the model is committed.
 */
export function fileStore(folder: string): ModelStore {
  /** Files that were committed but are not the ones asked for: another version's, or damaged. */
  const rejected = new Set<ManifestFile['sha256']>();
  const begun = new Set<string>();
  let out: { readonly path: string; readonly handle: FileHandle } | undefined;

  const targetOf = (file: ManifestFile): string => join(folder, file.path);
  const isCommitted = async (file: ManifestFile): Promise<boolean> =>
    !rejected.has(file.sha256) && (await sizeOf(targetOf(file))) === file.bytes;
  const placeOf = async (file: ManifestFile): Promise<string> =>
    (await isCommitted(file)) ? targetOf(file) : partOf(targetOf(file));

  const manifestOf = (): Promise<string | undefined> =>
    readFile(join(folder, 'mar.json'), 'utf8').catch(() => undefined);

  async function close(): Promise<void> {
    await out?.handle.close();
    out = undefined;
  }

  return {
    manifest: manifestOf,
    async size(file) {
      if (await isCommitted(file)) return file.bytes;
      begun.add(targetOf(file));
      return takeOverPart(targetOf(file));
    },
    async read(file) {
      const bytes = await readFile(await placeOf(file));
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    },
    sha256: async (file, signal) => fileSha256(await placeOf(file), signal),
    async append(file, bytes) {
      const path = partOf(targetOf(file));
      await onDisk(path, async () => {
        if (out?.path !== path) {
          await close();
          begun.add(targetOf(file));
          // The committed file of this name, if there is one, is another.
          rejected.add(file.sha256);
          await mkdir(dirname(path), { recursive: true });
          out = { path, handle: await open(path, 'a') };
        }
        await out.handle.appendFile(bytes);
      });
    },
    async remove(file) {
      await close();
      if (await isCommitted(file)) rejected.add(file.sha256);
      else await rm(partOf(targetOf(file)), { force: true });
    },
    async leave() {
      await close();
      for (const target of begun) await leavePart(target);
      begun.clear();
    },
    async commit({ json, manifest, files }) {
      await close();
      const before = pathsIn(await manifestOf());
      await onDisk(folder, async () => {
        for (const file of files) {
          const part = partOf(targetOf(file));
          if ((await sizeOf(part)) !== undefined) await rename(part, targetOf(file));
          rejected.delete(file.sha256);
        }
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

/**
 * The SHA-256 of a file, in hexadecimal.
 *
 * @throws the signal's reason
 */
export async function fileSha256(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
  return hash.digest('hex');
}

/** The files that a manifest lists; none where it is missing or can't be read. */
function pathsIn(json: string | undefined): readonly string[] {
  try {
    return json === undefined ? [] : parseManifest(json).files.map(({ path }) => path);
  } catch {
    return [];
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}

/** Writes to the cache. @throws ModelFileError that names `path` and why the disk refuses */
async function onDisk(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const problem = `could not be written to the cache: ${code}. Free space on the disk, or set cacheFolder to a folder that can be written to.`;
    throw new ModelFileError(path, problem, { cause });
  }
}
