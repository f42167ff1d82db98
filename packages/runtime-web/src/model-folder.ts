import { type Manifest, parseManifest, type StorageType } from '@tessera/format';
import { fileAddress, ModelFileError, neededFiles, storedType } from '@tessera/onnx';
import { assertAnswered, ensureFile, reach } from './download.js';
import type { FileStorage } from './file-storage.js';
import { KeptFiles } from './kept-files.js';
import { keepManifest, keptManifest, noteFiles } from './kept-manifests.js';
import type { LoadProgress } from './worker-messages.js';

/** A model folder whose files are all there. */
export interface ModelFolder {
  readonly manifest: Manifest;
  readonly dtype: StorageType;
  /** Why files could not be kept; undefined if they are. */
  readonly notKept: string | undefined;
  /** @param path as in the manifest */
  read(path: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Something noted beside the files in the browser's storage; undefined if nothing is there, or nothing can be kept. */
  readNote(name: string): Promise<string | undefined>;
  writeNote(name: string, text: string): Promise<void>;
}

export interface OpenFolderOptions {
  readonly dtype: StorageType | 'auto';
  readonly storage: FileStorage;
  onProgress(progress: LoadProgress): void;
}

/**
 * Brings a model folder into the browser's storage. The manifest is asked for every time; where the network is gone the
 * kept one serves. All else is kept by its hash. What only an earlier manifest listed is removed once all has
 * arrived.
 *
 * @param folder absolute address
 */
export async function openModelFolder(
  folder: string,
  { dtype: wanted, storage, onProgress }: OpenFolderOptions,
): Promise<ModelFolder> {
  const kept = new KeptFiles(storage);
  const url = fileAddress(folder, 'mar.json');
  const { manifest, json } = await fetchManifest(url, kept);
  const dtype = storedType(manifest, wanted);
  const files = neededFiles(manifest, dtype);
  const totalBytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (json !== undefined) await noteFiles(url, manifest, kept);
  let before = 0;
  for (const file of files) {
    let reported = 0;
    await ensureFile(fileAddress(folder, file.path), file, {
      kept,
      onBytes(phase, loaded) {
        // Some hundred reports are enough for any bar.
        if (loaded < file.bytes && loaded - reported < totalBytes / 200) return;
        reported = loaded;
        onProgress({ phase, file: file.path, loadedBytes: before + loaded, totalBytes });
      },
    });
    before += file.bytes;
  }
  if (json !== undefined) await keepManifest(url, json, manifest, kept);
  onProgress({ phase: 'prepare', file: 'mar.json', loadedBytes: totalBytes, totalBytes });
  return {
    manifest,
    dtype,
    get notKept() {
      return kept.notKept;
    },
    async read(path) {
      const file = manifest.files.find((each) => each.path === path)!;
      const { bytes, loaded } = await kept.read(file);
      if (loaded < file.bytes) {
        throw new ModelFileError(
          fileAddress(folder, path),
          'the browser deleted it meanwhile. Load the model again.',
        );
      }
      return bytes;
    },
    readNote: (name) => kept.readText(name),
    writeNote: (name, text) => kept.writeText(name, text),
  };
}

/**
 * The manifest from the network, or, where that can't be reached, the one kept. A server that answers something else is
 * not passed over: the model may have been taken away.
 */
async function fetchManifest(
  url: string,
  kept: KeptFiles,
): Promise<{ readonly manifest: Manifest; readonly json?: string }> {
  let response: Response;
  let json: string;
  try {
    response = await reach(url);
    json = await response.text();
  } catch (error) {
    const manifest = await keptManifest(url, kept);
    if (!manifest) throw error;
    return { manifest };
  }
  assertAnswered(url, response);
  return { manifest: parseManifest(json), json };
}
