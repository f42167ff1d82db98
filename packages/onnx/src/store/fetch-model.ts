import { type Manifest, parseManifest, type StorageType } from '@tessera/format';
import { fileAddress, isConnectionError, neededFiles, storedType } from '../model-files.js';
import { type FetchFilesOptions, fetchFiles } from './fetch-files.js';
import { requestText } from './http-request.js';
import type { ModelStore } from './model-store.js';

export interface FetchModelOptions extends Omit<FetchFilesOptions, 'store'> {
  readonly store: ModelStore;
  readonly dtype: StorageType | 'auto';
}

/** A model whose files are in the store. */
export interface FetchedModel {
  readonly manifest: Manifest;
  readonly dtype: StorageType;
}

/**
 * Brings a model folder from an http(s) address into a store. The manifest is requested every time; without a network the
 * stored one serves. Files that are stored with the right hash are not requested again; a download that broke off goes on
 * where it stopped. A model that was stored before is replaced once all has arrived.
 *
 * @param address of the folder; a query goes along with each request
 * @throws ManifestError, ModelFileError, InvalidOptionError, the signal's reason, what `onProgress` threw
 * @example
 * const { manifest } = await fetchModel('https://example.org/model/', { store: memoryStore(), dtype: 'auto' });
 */
export async function fetchModel(address: string, options: FetchModelOptions): Promise<FetchedModel> {
  const { store } = options;
  const { json, isNew } = await fetchManifest(fileAddress(address, 'mar.json'), options);
  const manifest = parseManifest(json);
  const dtype = storedType(manifest, options.dtype);
  const files = neededFiles(manifest, dtype);
  await fetchFiles(
    files.map((file) => ({ file, url: fileAddress(address, file.path) })),
    { ...options, store },
    async () => {
      if (isNew) await store.commit({ json, manifest, files });
    },
  );
  return { manifest, dtype };
}

/**
 * The manifest from the network, or the stored one where there is no network. An answer of the server's is never passed
 * over: the model may have been taken away.
 */
async function fetchManifest(
  url: string,
  options: FetchModelOptions,
): Promise<{ readonly json: string; readonly isNew: boolean }> {
  try {
    return { json: await requestText(url, options), isNew: true };
  } catch (error) {
    const json = isConnectionError(error) ? await options.store.manifest() : undefined;
    if (json === undefined) throw error;
    return { json, isNew: false };
  }
}
