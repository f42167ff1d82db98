import type { ManifestFile } from '@tessera/onnx';
import type { FileStorage } from './file-storage.js';

/** A file as far as it has arrived: `bytes` has the whole file's size, the first `loaded` of them are there. */
export interface PartlyLoaded {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly loaded: number;
}

interface Held {
  readonly file: ManifestFile;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** How long pieces are, in bytes: what a closed tab costs at most. */
export const PIECE = 8 * 2 ** 20;

/**
 * Model files, by their hash, in pieces that begin at multiples of {@link PIECE}: so a download that broke off can go on,
 * and two tabs that load the same file write the same pieces. Where the storage fails, a full disk mostly, files are held
 * in memory instead.
 */
export class KeptFiles {
  readonly #storage: FileStorage;
  readonly #held = new Map<string, Held>();
  #notKept: string | undefined;

  constructor(storage: FileStorage) {
    this.#storage = storage;
  }

  /** Why not all is kept, as a sentence. */
  get notKept(): string | undefined {
    return this.#notKept;
  }

  /** The pieces that there are, one after the other, up to one that is not whole. */
  async read(file: ManifestFile): Promise<PartlyLoaded> {
    const held = this.#held.get(file.sha256);
    if (held) return { bytes: held.bytes, loaded: held.bytes.length };
    const bytes = new Uint8Array(file.bytes);
    let loaded = 0;
    for (const { first, end } of pieces(file)) {
      const piece = await this.#readPiece(file, first);
      if (!piece || piece.length > end - first) break;
      bytes.set(piece, first);
      loaded += piece.length;
      if (loaded < end) break;
    }
    return { bytes, loaded };
  }

  /** Keeps the bytes `from` to `to` of a file; those before are there. @returns whether they could be kept */
  async keep(file: ManifestFile, bytes: Uint8Array<ArrayBuffer>, from: number, to: number): Promise<boolean> {
    for (const { first, end } of pieces(file)) {
      if (end <= from || first >= to) continue;
      const piece = bytes.slice(first, Math.min(end, to));
      // Where a download broke off, another tab may have come further.
      if (to < end && ((await this.#readPiece(file, first))?.length ?? 0) >= piece.length) continue;
      const kept = await this.#try(async () => {
        await this.#storage.write(pieceName(file, first), piece);
        return true;
      });
      if (!kept) return false;
    }
    return true;
  }

  /** Holds a whole file that could not be kept. */
  hold(file: ManifestFile, bytes: Uint8Array<ArrayBuffer>): void {
    this.#held.set(file.sha256, { file, bytes });
  }

  /** Tries once more to keep what is held. */
  async keepHeld(): Promise<void> {
    if (this.#held.size > 0) this.#notKept = undefined;
    for (const { file, bytes } of this.#held.values()) {
      if (await this.keep(file, bytes, 0, file.bytes)) this.#held.delete(file.sha256);
    }
  }

  /** Forgets a file. */
  async remove(file: ManifestFile): Promise<void> {
    this.#held.delete(file.sha256);
    for (const { first } of pieces(file)) {
      await this.#try(() => this.#storage.remove(pieceName(file, first)));
    }
  }

  async readText(name: string): Promise<string | undefined> {
    const bytes = await this.#try(() => this.#storage.read(name));
    return bytes && new TextDecoder().decode(bytes);
  }

  async writeText(name: string, text: string): Promise<void> {
    await this.#try(() => this.#storage.write(name, new TextEncoder().encode(text)));
  }

  #readPiece(file: ManifestFile, first: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#try(() => this.#storage.read(pieceName(file, first)));
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

function* pieces({ bytes }: ManifestFile): Generator<{ readonly first: number; readonly end: number }> {
  for (let first = 0; first < bytes; first += PIECE) yield { first, end: Math.min(bytes, first + PIECE) };
}

function pieceName(file: ManifestFile, first: number): string {
  return `${file.sha256}/${first}`;
}

function reasonNotKept(error: unknown): string {
  const { name, message } = error as Partial<Error>;
  if (name === 'QuotaExceededError') {
    return 'The browser has no room left for this page: free space on the disk, or delete data of this site, and the model is kept the next time.';
  }
  return `The browser can't keep files for this page: ${message ?? String(error)}. It will download the model again on the next visit.`;
}
