import type { ManifestFile } from '@tessera/onnx';
import type { FileStorage } from './file-storage.js';

/** A file as far as it has arrived: `bytes` has the whole file's size, the first `loaded` of them are there. */
export interface PartlyLoaded {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly loaded: number;
}

/**
 * Model files, by their hash, in the pieces in which they arrived: so a download that broke off can go on, and nothing is
 * written twice. Where the storage fails, a full disk mostly, files are held in memory instead.
 */
export class KeptFiles {
  readonly #storage: FileStorage;
  readonly #held = new Map<string, Uint8Array<ArrayBuffer>>();
  #notKept: string | undefined;

  constructor(storage: FileStorage) {
    this.#storage = storage;
  }

  /** Why not all is kept, as a sentence. */
  get notKept(): string | undefined {
    return this.#notKept;
  }

  /** The pieces that there are, one after the other. */
  async read(file: ManifestFile): Promise<PartlyLoaded> {
    const held = this.#held.get(file.sha256);
    if (held) return { bytes: held, loaded: held.length };
    const bytes = new Uint8Array(file.bytes);
    let loaded = 0;
    while (loaded < file.bytes) {
      const piece = await this.#try(() => this.#storage.read(pieceName(file, loaded)));
      if (!piece || piece.length === 0 || loaded + piece.length > file.bytes) break;
      bytes.set(piece, loaded);
      loaded += piece.length;
    }
    return { bytes, loaded };
  }

  /** Keeps `piece`, which begins at byte `from`. @returns whether it was kept */
  async append(file: ManifestFile, from: number, piece: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const kept = await this.#try(async () => {
      await this.#storage.write(pieceName(file, from), piece);
      return true;
    });
    return kept ?? false;
  }

  /** Holds a whole file that could not be kept. */
  hold(file: ManifestFile, bytes: Uint8Array<ArrayBuffer>): void {
    this.#held.set(file.sha256, bytes);
  }

  /** Forgets a file: its pieces may be of any length, so each tells where the next one is. */
  async remove(file: ManifestFile): Promise<void> {
    this.#held.delete(file.sha256);
    let from = 0;
    while (from < file.bytes) {
      const name = pieceName(file, from);
      const piece = await this.#try(() => this.#storage.read(name));
      if (!piece || piece.length === 0) break;
      await this.#try(() => this.#storage.remove(name));
      from += piece.length;
    }
  }

  async readText(name: string): Promise<string | undefined> {
    const bytes = await this.#try(() => this.#storage.read(name));
    return bytes && new TextDecoder().decode(bytes);
  }

  async writeText(name: string, text: string): Promise<void> {
    await this.#try(() => this.#storage.write(name, new TextEncoder().encode(text)));
  }

  async #try<T>(use: () => Promise<T>): Promise<T | undefined> {
    try {
      return await use();
    } catch (error) {
      this.#notKept ??= reasonNotKept(error);
      return undefined;
    }
  }
}

function pieceName(file: ManifestFile, from: number): string {
  return `${file.sha256}/${from}`;
}

function reasonNotKept(error: unknown): string {
  const { name, message } = error as Partial<Error>;
  if (name === 'QuotaExceededError') {
    return 'The browser has no room left for this page: free space on the disk, or delete data of this site, and the model is kept the next time.';
  }
  return `The browser can't keep files for this page: ${message ?? String(error)}. It will download the model again on the next visit.`;
}
