import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, posix, resolve } from 'node:path';
import { type HubSource, isCheckpointName, type ModelSource, parseModelSource } from '@tessera/format';
import {
  type FetchFilesOptions,
  fetchFiles,
  isConnectionError,
  type ListedFile,
  ModelFileError,
  requestFile,
} from '@tessera/onnx';
import { arrivingFiles, onDisk } from '../arriving-files.js';
import { defaultCacheFolder } from '../cache-folder.js';
import type { HubFile } from '../hub/hub-api.js';
import { type HubSnapshot, withHubSnapshot } from '../hub/hub-snapshot.js';
import { partOf } from '../partial-file.js';

export type FetchOptions = Omit<FetchFilesOptions, 'store'>;

/** A checkpoint that is found but not yet on the disk. */
export interface CheckpointSource {
  /** The file's name. */
  readonly name: string;
  /** Changes with its contents. */
  readonly identity: string;
  /** The autoencoder that lies beside it, where there is one: a file called `kl16`. */
  readonly vae?: CheckpointSource;
  /** Brings it to the disk. @returns its path */
  fetch(): Promise<string>;
}

/** A published autoencoder, by its name. */
const isVae = (name: string): boolean => /^kl16\./i.test(name) && isCheckpointName(name);

/**
 * Finds a checkpoint on the disk, at an address, or on a hub. A sharded one is named by its index, or by any shard.
 *
 * @param cacheFolder where files from addresses are stored; those of a hub go to its own cache
 * @throws ModelFileError where it is not there; the signal's reason
 */
export function findCheckpoint(
  source: ModelSource,
  cacheFolder: string,
  options: FetchOptions,
): Promise<CheckpointSource> {
  if (source.kind === 'hub') {
    return withHubSnapshot(source, options, (snapshot) => onHub(source, snapshot, options));
  }
  return source.kind === 'http' ? atAddress(source.url, cacheFolder, options) : onDiskAt(source.path);
}

/** Files on the disk. */
export interface FetchedCheckpoint {
  readonly checkpoint: string;
  /** The autoencoder that lay beside it. */
  readonly vae?: string;
}

/**
 * Brings a checkpoint to the disk, for `convertModel`.
 *
 * @param location a path, a `file:`, `http:` or `https:` URL, or `hf:owner/name[@revision]/path`
 * @throws ModelFileError, InvalidOptionError, the signal's reason
 * @example
 * const { checkpoint, vae } = await fetchCheckpoint('./mar-base.safetensors');
 */
export async function fetchCheckpoint(
  location: string,
  { cacheFolder = defaultCacheFolder(), ...options }: FetchOptions & { readonly cacheFolder?: string } = {},
): Promise<FetchedCheckpoint> {
  const { vae, ...found } = await findCheckpoint(parseModelSource(location), cacheFolder, options);
  const checkpoint = await found.fetch();
  return { checkpoint, ...(vae ? { vae: await vae.fetch() } : {}) };
}

async function onDiskAt(path: string): Promise<CheckpointSource> {
  const { size, mtimeMs } = await stat(path).catch((cause: unknown) => {
    throw new ModelFileError(path, 'there is no such file. Check the path.', { cause });
  });
  const name = basename(path);
  const vae = isVae(name) ? undefined : (await readdir(dirname(resolve(path)))).find(isVae);
  return {
    name,
    identity: `${await realpath(path)} ${size} ${mtimeMs}`,
    ...(vae === undefined ? {} : { vae: await onDiskAt(join(dirname(path), vae)) }),
    fetch: async () => path,
  };
}

async function onHub(
  { path, repository }: Omit<HubSource, 'kind'>,
  snapshot: HubSnapshot,
  options: FetchOptions,
): Promise<CheckpointSource> {
  const folder = posix.dirname(path) === '.' ? '' : posix.dirname(path);
  const siblings = (await snapshot.files(folder)).filter(
    (file) => posix.dirname(file.path) === posix.dirname(path),
  );
  const found = siblings.find((file) => file.path === path);
  if (!found) {
    const others = siblings.map((file) => posix.basename(file.path)).filter(isCheckpointName);
    const there = others.length === 0 ? 'There are no checkpoints' : `There are ${others.join(', ')}`;
    throw new ModelFileError(`hf:${repository}/${path}`, `the hub has no such file. ${there}.`);
  }
  const source = (file: HubFile): CheckpointSource => {
    const parts = siblings.filter((other) => isPartOf(other.path, file.path));
    // What tells an autoencoder's scale lies beside it.
    const configs = siblings.filter(
      (other) => posix.basename(other.path) === 'config.json' && other !== file,
    );
    return {
      name: posix.basename(file.path),
      identity: [file, ...parts].map(({ etag }) => etag).join(' '),
      async fetch() {
        await snapshot.fetch([file, ...parts, ...configs], options.onProgress);
        return join(snapshot.folder, file.path);
      },
    };
  };
  const vae = siblings.find((file) => isVae(posix.basename(file.path)));
  return { ...source(found), ...(vae === undefined || vae === found ? {} : { vae: source(vae) }) };
}

/** Whether a file is another part of a sharded checkpoint: `NAME-00001-of-00002.safetensors`, `NAME.safetensors.index.json`. */
function isPartOf(other: string, path: string): boolean {
  const stem = (name: string): string | undefined =>
    /^(.*)(?:-\d+-of-\d+\.safetensors|\.safetensors\.index\.json)$/.exec(name)?.[1];
  return other !== path && stem(path) !== undefined && stem(other) === stem(path);
}

/** What a server said of a file when it was last asked. */
interface AddressedFile extends ListedFile {
  readonly etag: string;
}

async function atAddress(url: string, cacheFolder: string, options: FetchOptions): Promise<CheckpointSource> {
  const { origin, pathname } = new URL(url);
  const place = createHash('sha256')
    .update(origin + pathname)
    .digest('hex')
    .slice(0, 24);
  const folder = join(cacheFolder, 'files', place);
  const file = await listed(url, folder, options);
  const store = arrivingFiles<AddressedFile>(folder, ({ path, etag }) => {
    const version = createHash('sha256').update(etag).digest('hex').slice(0, 12);
    return join(folder, version, path);
  });
  return {
    name: file.path,
    identity: `${origin}${pathname} ${file.bytes} ${file.etag}`,
    async fetch() {
      await fetchFiles([{ url, file }], { ...options, store }, async () => {
        await store.close();
        await store.finish(file);
      });
      return store.placeOf(file);
    },
  };
}

/** Asks a server what it has; without a network, what it said before counts. */
async function listed(url: string, folder: string, options: FetchOptions): Promise<AddressedFile> {
  const note = join(folder, 'file.json');
  try {
    // What is compressed on its way has another length.
    const headers = { ...options.headers, 'accept-encoding': 'identity' };
    const { response } = await requestFile(url, { ...options, headers });
    await response.body?.cancel();
    const bytes = Number(response.headers.get('content-length') ?? Number.NaN);
    if (!(bytes > 0) || response.headers.has('content-encoding')) {
      throw new ModelFileError(
        url,
        'the server does not say how large the file is. Download it, and name its path.',
      );
    }
    const file: AddressedFile = {
      path: basename(decodeURIComponent(new URL(url).pathname)),
      bytes,
      etag: response.headers.get('etag') ?? response.headers.get('last-modified') ?? '',
    };
    await onDisk(note, async () => {
      await mkdir(folder, { recursive: true });
      await writeFile(partOf(note), JSON.stringify(file));
      await rename(partOf(note), note);
    });
    return file;
  } catch (error) {
    const before = isConnectionError(error) ? await readFile(note, 'utf8').catch(() => undefined) : undefined;
    if (before === undefined) throw error;
    return JSON.parse(before) as AddressedFile;
  }
}
