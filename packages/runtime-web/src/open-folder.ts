import { parseManifest, type StorageType } from '@tessera/format';
import {
  assertFileHash,
  assertFileSize,
  type FetchedModel,
  type LoadProgress,
  ModelFileError,
  neededFiles,
  sha256,
  storedType,
} from '@tessera/onnx';

/** A model folder's files by their paths in it, with forward slashes, e.g. `mar.json` and `onnx/head.onnx`. */
export type FolderFiles = ReadonlyMap<string, Blob>;

/**
 * Opens a model folder of the user's disk: reads its manifest and checks the size and SHA-256 of each file it needs.
 * Nothing is stored.
 *
 * @throws ManifestError, ModelFileError, InvalidOptionError
 */
export async function openFolder(
  files: FolderFiles,
  options: { readonly dtype: StorageType | 'auto'; onProgress(progress: LoadProgress): void },
): Promise<FetchedModel> {
  const manifest = parseManifest(await blobAt(files, 'mar.json').text());
  const dtype = storedType(manifest, options.dtype);
  const needed = neededFiles(manifest, dtype);
  const totalBytes = needed.reduce((sum, { bytes }) => sum + bytes, 0);
  let loadedBytes = 0;
  for (const file of needed) {
    const blob = blobAt(files, file.path);
    assertFileSize(file.path, file, blob.size);
    assertFileHash(file.path, file, await sha256(await bytesOf(blob)));
    loadedBytes += file.bytes;
    options.onProgress({ phase: 'check', file: file.path, loadedBytes, totalBytes });
  }
  return { manifest, dtype };
}

/** The bytes of a file of the folder. */
export async function folderBytes(files: FolderFiles, path: string): Promise<Uint8Array<ArrayBuffer>> {
  return bytesOf(blobAt(files, path));
}

function blobAt(files: FolderFiles, path: string): Blob {
  const blob = files.get(path);
  if (!blob) throw new ModelFileError(path, 'is not in the folder. Choose the whole model folder.');
  return blob;
}

async function bytesOf(blob: Blob): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await blob.arrayBuffer());
}
