import type { Manifest } from '@tessera/format';
import type { ListedFile, ManifestFile } from '../model-files.js';

/** Where files arrive, and stay as far as they have arrived. */
export interface FileStore<File extends ListedFile = ListedFile> {
  /** How many bytes of a file have arrived. Takes over what an earlier download has left. */
  size(file: File): Promise<number>;
  /** The SHA-256 of what has arrived, in hexadecimal. */
  sha256(file: File, signal?: AbortSignal): Promise<string>;
  /** Adds the next bytes of a file. One file at a time is appended to. */
  append(file: File, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Removes what has arrived of a file. The version that was committed before still has its own. */
  remove(file: File): Promise<void>;
  /** Ends a download: what has arrived and is not committed is left to the next one. */
  leave(): Promise<void>;
  /** Throws where there is no room for so many bytes. @default none is known of */
  reserve?(bytes: number): Promise<void>;
}

/** A manifest whose files have arrived. */
export interface CommittedModel {
  /** The text of `mar.json`. */
  readonly json: string;
  readonly manifest: Manifest;
  /** Those that have arrived and were checked. */
  readonly files: readonly ManifestFile[];
}

/**
 * Where the files of one model are stored, whole or as far as they have arrived: a folder, a browser's cache, memory. A
 * file is known by its path and its hash, so the files of a new version may arrive beside those of the one before, which
 * serves on until the new one is committed. {@link fetchModel} fills a store; `describeModelStore` of
 * `@tessera/onnx/testing` is the suite that every driver passes.
 */
export interface ModelStore extends FileStore<ManifestFile> {
  /** The manifest that was committed last, as text; undefined where there is none. */
  manifest(): Promise<string | undefined>;
  /** The bytes of a file that have arrived. */
  read(file: ManifestFile): Promise<Uint8Array<ArrayBuffer>>;
  /** Makes a model the one that is stored. Files that only the one before it had are removed. */
  commit(model: CommittedModel): Promise<void>;
}
