import { InvalidOptionError, TesseraError } from '@tessera/core';
import { type ComponentName, type Manifest, type StorageType, tokenizerOf } from '@tessera/format';

/** A file of the model folder is missing, or is not the one the manifest describes. */
export class ModelFileError extends TesseraError {
  static override readonly code = 'model-file';
  readonly path: string;
  /** Whether the connection to the server failed, which may be better the next time. */
  readonly isConnection: boolean;

  constructor(path: string, problem: string, options: { cause?: unknown; isConnection?: boolean } = {}) {
    super(ModelFileError.code, `${path}: ${problem}`, options);
    this.path = path;
    this.isConnection = options.isConnection ?? false;
  }
}

/** Whether a connection to a server failed, and not what it answered, or a disk. */
export function isConnectionError(error: unknown): boolean {
  return ModelFileError.isInstance(error) && (error as ModelFileError).isConnection;
}

/** A file to be downloaded. */
export interface ListedFile {
  readonly path: string;
  readonly bytes: number;
  /** In hexadecimal; undefined where nobody says it, so that it can't be checked. */
  readonly sha256?: string | undefined;
}

export type ManifestFile = Manifest['files'][number];

type Components = Manifest['variants'][number]['components'];

/**
 * The address of a file in a model folder at `folder`, an address with or without a slash at its end. A query, such as a
 * version or a signature, goes along with each file.
 *
 * @param path as in the manifest
 */
export function fileAddress(folder: string, path: string): string {
  const [, place, query = ''] = /^([^?#]*)(\?[^#]*)?/.exec(folder)!;
  return `${place!.replace(/\/?$/, '/')}${path}${query}`;
}

/** The files that a variant of the model needs, and the reference sample. */
export function neededFiles(manifest: Manifest, dtype: StorageType): readonly ManifestFile[] {
  const graphs = new Set(filesOf(manifest, dtype));
  const others = [manifest.parity, tokenizerOf(manifest)];
  return manifest.files.filter((file) => graphs.has(file) || others.includes(file.path));
}

/** The files of a variant's graphs: of all, or of those that are wanted. */
export function filesOf(
  manifest: Manifest,
  dtype: StorageType,
  isWanted: (name: ComponentName, components: Components) => boolean = () => true,
): readonly ManifestFile[] {
  const variant = manifest.variants.find((each) => each.dtype === dtype);
  if (!variant) return [];
  const { components } = variant;
  const paths = new Set(
    Object.entries(components).flatMap(([name, part]) =>
      part && isWanted(name as ComponentName, components) ? [part.path, ...(part.data ?? [])] : [],
    ),
  );
  return manifest.files.filter((file) => paths.has(file.path));
}

/**
 * The stored variant that `dtype` asks for.
 *
 * @throws InvalidOptionError where there is none
 */
export function storedType(manifest: Manifest, dtype: StorageType | 'auto'): StorageType {
  const stored = manifest.variants.map((variant) => variant.dtype);
  if (dtype === 'auto') return stored[0]!;
  if (!stored.includes(dtype)) {
    throw new InvalidOptionError('dtype', dtype, `this model is stored as ${stored.join(' and ')}`);
  }
  return dtype;
}

/** Throws {@link ModelFileError} unless a file has as many bytes as the manifest says. */
export function assertFileSize(path: string, file: Pick<ListedFile, 'bytes'>, bytes: number): void {
  if (bytes === file.bytes) return;
  throw new ModelFileError(
    path,
    `has ${bytes} bytes, the manifest says ${file.bytes}. Copy or convert the model again.`,
  );
}

/** Throws {@link ModelFileError} unless a file has the SHA-256 that the manifest says. */
export function assertFileHash(path: string, file: Pick<ListedFile, 'sha256'>, sha256: string): void {
  if (sha256 === file.sha256) return;
  throw new ModelFileError(
    path,
    'its SHA-256 is not the one in the manifest: the file was changed or damaged. Copy or convert the model again.',
  );
}
