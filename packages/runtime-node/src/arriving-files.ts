import { type FileHandle, mkdir, open, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { bytesText, type FileStore, type ListedFile, ModelFileError } from '@tessera/onnx';
import { fileHash } from './file-hash.js';
import { leavePart, partOf, takeOverPart } from './partial-file.js';

/** Files on their way to places on the disk. They arrive beside, under the names of `partial-file.ts`. */
export interface ArrivingFiles<File extends ListedFile> extends FileStore<File> {
  /** Where what has arrived of a file is now. */
  placeOf(file: File): Promise<string>;
  /** Puts a file that has all arrived in its place. */
  finish(file: File): Promise<void>;
  /** Ends writing, so that files can be renamed. */
  close(): Promise<void>;
}

/**
 * @param folder on the disk that the files are to go to
 * @param targetOf the place of a file
 */
export function arrivingFiles<File extends ListedFile>(
  folder: string,
  targetOf: (file: File) => string,
): ArrivingFiles<File> {
  /** Files in their places that are not the ones asked for: another version's, or damaged. */
  const rejected = new Set<string>();
  const begun = new Set<string>();
  let out: { readonly path: string; readonly handle: FileHandle } | undefined;

  const keyOf = (file: File): string => `${targetOf(file)} ${file.sha256}`;
  const isThere = async (file: File): Promise<boolean> =>
    !rejected.has(keyOf(file)) && (await sizeOf(targetOf(file))) === file.bytes;
  const placeOf = async (file: File): Promise<string> =>
    (await isThere(file)) ? targetOf(file) : partOf(targetOf(file));

  async function close(): Promise<void> {
    await out?.handle.close();
    out = undefined;
  }

  return {
    placeOf,
    close,
    async size(file) {
      if (await isThere(file)) return file.bytes;
      begun.add(targetOf(file));
      return takeOverPart(targetOf(file));
    },
    sha256: async (file, signal) => fileHash(await placeOf(file), file.sha256, signal),
    async append(file, bytes) {
      const path = partOf(targetOf(file));
      await onDisk(path, async () => {
        if (out?.path !== path) {
          await close();
          begun.add(targetOf(file));
          // The file of this name, if there is one, is another.
          rejected.add(keyOf(file));
          await mkdir(dirname(path), { recursive: true });
          out = { path, handle: await open(path, 'a') };
        }
        await out.handle.appendFile(bytes);
      });
    },
    async remove(file) {
      await close();
      if (await isThere(file)) rejected.add(keyOf(file));
      else await rm(partOf(targetOf(file)), { force: true });
    },
    async leave() {
      await close();
      for (const target of begun) await leavePart(target);
      begun.clear();
    },
    async finish(file) {
      const part = partOf(targetOf(file));
      if ((await sizeOf(part)) !== undefined) await rename(part, targetOf(file));
      rejected.delete(keyOf(file));
    },
    async reserve(bytes) {
      const { bavail, bsize } = await statfs(await existing(folder)).catch(() => ({
        bavail: Number.POSITIVE_INFINITY,
        bsize: 1,
      }));
      const free = bavail * bsize;
      if (free >= bytes) return;
      throw new ModelFileError(
        folder,
        `${bytesText(bytes)} are still to be downloaded, and the disk has ${bytesText(free)} free. Free space on it, or set cacheFolder, or HF_HUB_CACHE for files of a hub, to a folder on another disk.`,
      );
    },
  };
}

/** The nearest folder above that exists. */
async function existing(path: string): Promise<string> {
  return (await sizeOf(path)) === undefined && dirname(path) !== path ? existing(dirname(path)) : path;
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}

/** Writes to the cache. @throws ModelFileError that names `path` and why the disk refuses */
export async function onDisk(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const problem = `could not be written to the cache: ${code}. Free space on the disk, or set cacheFolder, or HF_HUB_CACHE for files of a hub, to a folder that can be written to.`;
    throw new ModelFileError(path, problem, { cause });
  }
}
