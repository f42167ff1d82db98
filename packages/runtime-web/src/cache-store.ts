import { type ManifestFile, type ModelStore, sha256 } from '@tessera/onnx';
import type { FileStorage } from './file-storage.js';

/** A store in a browser. */
export interface CacheStore extends ModelStore {
  /** Why not all is stored, as a sentence; undefined if it is. */
  readonly cacheError: string | undefined;
  /** Text beside the files; undefined where there is none, or nothing can be stored. */
  readText(name: string): Promise<string | undefined>;
  writeText(name: string, text: string): Promise<void>;
}

/** A file as far as it has arrived. */
interface Arriving {
  readonly file: ManifestFile;
  /** As long as the whole file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes that are there, and those of them that are stored. */
  loaded: number;
  stored: number;
}

/** The length of a piece, in bytes: what a closed tab loses at most. */
const PIECE = 8 * 2 ** 20;
/** Under this name, the files that are stored for each manifest, by its name: the storage can't list what it has. */
const INDEX = 'manifests';

type Index = { readonly [name: string]: readonly ManifestFile[] };

/**
 * A store in a browser's storage. Files are stored by their hash, in pieces that begin at multiples of {@link PIECE}: so
 * two pages that load the same file write the same pieces. Where the storage fails, mostly because the disk is full, files
 * are held in memory instead.
 *
 * @param address of the model folder; its query makes no difference
 */
export function cacheStore(storage: FileStorage, address: string): CacheStore {
  const { origin, pathname } = new URL(address);
  const name = `${origin}${pathname.replace(/\/?$/, '/')}mar.json`;
  /** Whole files that could not be stored. */
  const held = new Map<string, Arriving>();
  const noted = new Set<string>();
  let current: Arriving | undefined;
  let cacheError: string | undefined;

  async function attempt<T>(use: () => Promise<T>): Promise<T | undefined> {
    try {
      return await use();
    } catch (error) {
      cacheError ??= reasonOf(error);
      return undefined;
    }
  }

  const readPiece = (file: ManifestFile, first: number) =>
    attempt(() => storage.read(pieceName(file, first)));

  async function readText(key: string): Promise<string | undefined> {
    const bytes = await attempt(() => storage.read(key));
    return bytes && new TextDecoder().decode(bytes);
  }

  async function writeText(key: string, text: string): Promise<void> {
    await attempt(() => storage.write(key, new TextEncoder().encode(text)));
  }

  const readIndex = async (): Promise<Index> => JSON.parse((await readText(INDEX)) ?? '{}') as Index;

  /** Notes that a file is stored for this model, so that a later version can remove it. */
  async function note(file: ManifestFile): Promise<void> {
    if (noted.has(file.sha256)) return;
    noted.add(file.sha256);
    const index = await readIndex();
    const { [name]: files = [] } = index;
    if (lacking([file], files).length === 0) return;
    await writeText(INDEX, JSON.stringify({ ...index, [name]: [...files, file] }));
  }

  /** The pieces that there are, one after the other, up to one that is not whole. */
  async function arrived(file: ManifestFile): Promise<Arriving> {
    const there = current?.file.sha256 === file.sha256 ? current : held.get(file.sha256);
    if (there) return there;
    const bytes = new Uint8Array(file.bytes);
    let loaded = 0;
    for (const { first, end } of pieces(file)) {
      const piece = await readPiece(file, first);
      if (!piece || piece.length > end - first) break;
      bytes.set(piece, first);
      loaded += piece.length;
      if (loaded < end) break;
    }
    return { file, bytes, loaded, stored: loaded };
  }

  /** The same, and holds it in memory until another file is used. */
  async function use(file: ManifestFile): Promise<Arriving> {
    if (current && current.file.sha256 !== file.sha256) await settle();
    current = await arrived(file);
    // Another model may have brought it.
    if (current.loaded > 0) await note(file);
    return current;
  }

  /** Stores the bytes of a file up to `end`, as long as the storage takes them. */
  async function save(arriving: Arriving, end: number): Promise<void> {
    const { file, bytes } = arriving;
    if (end > arriving.stored) await note(file);
    for (const { first, end: pieceEnd } of pieces(file)) {
      if (pieceEnd <= arriving.stored || first >= end) continue;
      const piece = bytes.slice(first, Math.min(pieceEnd, end));
      // Where this download broke off, another page may have come further.
      const isPartial = end < pieceEnd;
      const isThere = isPartial && ((await readPiece(file, first))?.length ?? 0) >= piece.length;
      if (!isThere) {
        const written = await attempt(async () => {
          await storage.write(pieceName(file, first), piece);
          return true;
        });
        if (!written) return;
      }
      arriving.stored = first + piece.length;
    }
  }

  /** Stores what has arrived of the current file, and frees its memory. */
  async function settle(): Promise<void> {
    if (!current) return;
    await save(current, current.loaded);
    const { file, loaded, stored } = current;
    if (stored < loaded && loaded === file.bytes) held.set(file.sha256, current);
    current = undefined;
  }

  async function remove(file: ManifestFile): Promise<void> {
    held.delete(file.sha256);
    if (current?.file.sha256 === file.sha256) current = undefined;
    for (const { first } of pieces(file)) await attempt(() => storage.remove(pieceName(file, first)));
  }

  return {
    get cacheError() {
      return cacheError;
    },
    readText,
    writeText,
    remove,
    leave: settle,
    manifest: () => readText(name),
    size: async (file) => (await use(file)).loaded,
    async read(file) {
      const { bytes, loaded } = await arrived(file);
      return bytes.subarray(0, loaded);
    },
    async sha256(file) {
      const { bytes, loaded } = await use(file);
      return sha256(bytes.subarray(0, loaded));
    },
    async append(file, chunk) {
      const arriving = await use(file);
      arriving.bytes.set(chunk, arriving.loaded);
      arriving.loaded += chunk.length;
      const whole = arriving.loaded === file.bytes ? file.bytes : arriving.loaded - (arriving.loaded % PIECE);
      if (whole > arriving.stored) await save(arriving, whole);
    },
    async commit({ json, manifest: { files } }) {
      await settle();
      const { [name]: before = [], ...others } = await readIndex();
      const superseded = lacking(before, files);
      for (const file of lacking(superseded, Object.values(others).flat())) await remove(file);
      await writeText(name, json);
      if (superseded.length === 0) return;
      await writeText(INDEX, JSON.stringify({ ...others, [name]: files } satisfies Index));
      // There may be room now for what had to be held in memory.
      if (held.size > 0) cacheError = undefined;
      for (const arriving of held.values()) {
        await save(arriving, arriving.loaded);
        if (arriving.stored === arriving.loaded) held.delete(arriving.file.sha256);
      }
    },
  };
}

function* pieces({ bytes }: ManifestFile): Generator<{ readonly first: number; readonly end: number }> {
  for (let first = 0; first < bytes; first += PIECE) yield { first, end: Math.min(bytes, first + PIECE) };
}

function pieceName(file: ManifestFile, first: number): string {
  return `${file.sha256}/${first}`;
}

/** What of `files` is not among `others`, by hash. */
function lacking(files: readonly ManifestFile[], others: readonly ManifestFile[]): readonly ManifestFile[] {
  const hashes = new Set(others.map(({ sha256: hash }) => hash));
  return files.filter(({ sha256: hash }) => !hashes.has(hash));
}

function reasonOf(error: unknown): string {
  const { name, message } = error as Partial<Error>;
  if (name === 'QuotaExceededError') {
    return 'The browser has no room left for this page: free space on the disk, or delete data of this site, and the model is stored the next time.';
  }
  return `The browser can't store files for this page: ${message ?? String(error)}. It will download the model again on the next visit.`;
}
