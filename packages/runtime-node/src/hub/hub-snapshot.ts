import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { formatHubSource, type HubSource, hubAddress } from '@tessera/format';
import { type FetchFilesOptions, fetchFiles, isConnectionError, ModelFileError } from '@tessera/onnx';
import { arrivingFiles } from '../arriving-files.js';
import { explainAnswer, type HubFile, hubCommit, listHubFiles } from './hub-api.js';
import { HubCache, isCommit } from './hub-cache.js';
import { type HubSettings, hubSettings } from './hub-settings.js';

export type HubOptions = Omit<FetchFilesOptions, 'store'>;

/** The files of a commit. */
export interface HubSnapshot {
  /** Where they lie on the disk, once they are fetched. */
  readonly folder: string;
  /** Whether they come from the cache alone, so that nothing new is checked. */
  readonly isCached: boolean;
  /** Those below a folder, which has an empty path at the top. */
  files(path: string): Promise<readonly HubFile[]>;
  /** Brings files to the disk, checked. */
  fetch(files: readonly HubFile[], onProgress?: HubOptions['onProgress']): Promise<void>;
}

/**
 * Opens the files at a place of a hub. Without a network, with HF_HUB_OFFLINE, and for a commit whose files are all there,
 * it is the cache that answers.
 *
 * @param take what is done with them; called once more with the cache's where the network fails
 * @throws ModelFileError that says what the hub answers, or what is not in the cache
 */
export async function withHubSnapshot<T>(
  source: HubSource,
  options: HubOptions,
  take: (snapshot: HubSnapshot) => Promise<T>,
  settings: HubSettings = hubSettings(),
): Promise<T> {
  const { repository, revision } = source;
  const cache = new HubCache(settings.cacheFolder, repository);
  const cached = await cache.commitOf(revision);
  const fromCache = async (): Promise<T> => {
    if (cached === undefined) throw notCached(source, cache.folder);
    return take(cachedSnapshot(source, cache, cached));
  };
  if (settings.isOffline) return fromCache();
  if (isCommit(revision)) {
    const whole = await fromCache().catch((error: unknown) => {
      if (!ModelFileError.isInstance(error)) throw error;
      return undefined;
    });
    if (whole !== undefined) return whole;
  }
  const asked = {
    ...options,
    endpoint: settings.endpoint,
    timeout: options.timeout ?? settings.timeout,
    headers: { ...settings.headers, ...options.headers },
  };
  let commit: string;
  try {
    commit = await hubCommit(source, asked);
  } catch (error) {
    if (!isConnectionError(error) || cached === undefined) throw error;
    return fromCache().catch(() => Promise.reject(error));
  }
  await cache.writeRef(revision, commit);
  const blobs = arrivingFiles<HubFile>(cache.folder, ({ etag }) => cache.blob(etag));
  return take({
    folder: cache.snapshot(commit),
    isCached: false,
    files: (path) => listHubFiles(source, commit, path, asked),
    fetch: (files, onProgress) =>
      fetchFiles(
        files.map((file) => {
          const place = { repository, revision: commit, path: file.path };
          return { file, url: hubAddress(place, settings.endpoint) };
        }),
        {
          ...asked,
          store: blobs,
          explain: (response) => explainAnswer(response, source, asked),
          onProgress: (progress) => onProgress?.(progress),
        },
        async () => {
          await blobs.close();
          for (const file of files) {
            await blobs.finish(file);
            await cache.link(commit, file.path, file.etag);
          }
        },
      ),
  });
}

function cachedSnapshot(source: HubSource, cache: HubCache, commit: string): HubSnapshot {
  const folder = cache.snapshot(commit);
  return {
    folder,
    isCached: true,
    async files(below) {
      const paths = (await cache.files(commit)).filter(
        (path) => below === '' || path.startsWith(`${below}/`),
      );
      return Promise.all(
        paths.map(async (path) => ({ path, bytes: 0, sha256: '', etag: await cache.etagOf(commit, path) })),
      );
    },
    async fetch(files) {
      for (const { path } of files) {
        const isThere = await stat(join(folder, path)).catch(() => undefined);
        if (!isThere) throw notCached({ ...source, path }, cache.folder);
      }
    },
  };
}

function notCached(source: HubSource, folder: string): ModelFileError {
  return new ModelFileError(
    formatHubSource(source),
    `is not in the cache ${folder}, and the hub was not asked. Load it once with a network, and without HF_HUB_OFFLINE.`,
  );
}
