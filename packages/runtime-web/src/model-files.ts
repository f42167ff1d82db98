import { InvalidOptionError, TesseraError } from '@tessera/core';
import type { Manifest, StorageType } from '@tessera/onnx';

/** A file of the model folder is missing, or is not the one the manifest describes. */
export class ModelFileError extends TesseraError {
  readonly path: string;

  constructor(path: string, problem: string, options?: { cause?: unknown }) {
    super('model-file', `${path}: ${problem}`, options);
    this.path = path;
  }

  /** Recognises errors that came from the worker, too. */
  static override isInstance(error: unknown): error is ModelFileError {
    return TesseraError.isInstance(error) && error.code === 'model-file';
  }
}

export type ManifestFile = Manifest['files'][number];

/** The files that a variant of the model needs, and the parity sample. */
export function neededFiles(manifest: Manifest, dtype: StorageType): readonly ManifestFile[] {
  const variant = manifest.variants.find((each) => each.dtype === dtype);
  const paths = new Set(
    Object.values(variant?.components ?? {}).flatMap((part) =>
      part ? [part.path, ...(part.data ?? [])] : [],
    ),
  );
  if (manifest.parity) paths.add(manifest.parity);
  return manifest.files.filter((file) => paths.has(file.path));
}

/** The stored variant that `dtype` asks for. */
export function storedType(manifest: Manifest, dtype: StorageType | 'auto'): StorageType {
  const stored = manifest.variants.map((variant) => variant.dtype);
  if (dtype === 'auto') return stored[0]!;
  if (!stored.includes(dtype)) {
    throw new InvalidOptionError('dtype', dtype, `this model is stored as ${stored.join(' and ')}`);
  }
  return dtype;
}

/** Throws {@link ModelFileError} unless the bytes have the manifest's size and SHA-256. */
export async function checkBytes(
  url: string,
  file: ManifestFile,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  if (bytes.length !== file.bytes) {
    throw new ModelFileError(
      url,
      `has ${bytes.length} bytes, the manifest says ${file.bytes}. Copy or convert the model again.`,
    );
  }
  if ((await sha256(bytes)) !== file.sha256) {
    throw new ModelFileError(
      url,
      'its SHA-256 is not the one in the manifest: the file was changed or damaged.',
    );
  }
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (!crypto.subtle) {
    throw new TesseraError(
      'insecure-context',
      "Files can't be checked, because this page was not served over https. Serve it over https, or from localhost.",
    );
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Whether a response's first bytes are those of an HTML page. */
export function isHtml(firstBytes: Uint8Array): boolean {
  return /^\s*<(!doctype|html|!--)/i.test(new TextDecoder().decode(firstBytes.subarray(0, 128)));
}
