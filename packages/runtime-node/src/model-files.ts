import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { TesseraError } from '@tessera/core';
import { type Manifest, parseManifest } from '@tessera/onnx';

/** A file of the model folder is missing, or is not the one the manifest describes. */
export class ModelFileError extends TesseraError {
  readonly path: string;

  constructor(path: string, problem: string, options?: { cause?: unknown }) {
    super('model-file', `${path}: ${problem}`, options);
    this.path = path;
  }
}

export type ManifestFile = Manifest['files'][number];

/** Reads a local folder's `mar.json`. */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, 'mar.json');
  let json: string;
  try {
    json = await readFile(path, 'utf8');
  } catch (cause) {
    throw new ModelFileError(
      path,
      'there is no manifest here. Is this a model folder made by `tessera convert`?',
      {
        cause,
      },
    );
  }
  return parseManifest(json);
}

/** The files that a variant of the model needs, and the parity sample. */
export function neededFiles(manifest: Manifest, dtype: string): readonly ManifestFile[] {
  const variant = manifest.variants.find((each) => each.dtype === dtype);
  const paths = new Set(
    Object.values(variant?.components ?? {}).flatMap((part) =>
      part ? [part.path, ...(part.data ?? [])] : [],
    ),
  );
  if (manifest.parity) paths.add(manifest.parity);
  return manifest.files.filter((file) => paths.has(file.path));
}

/** Throws {@link ModelFileError} unless the file has the manifest's size and SHA-256. */
export async function checkFile(folder: string, file: ManifestFile): Promise<void> {
  const path = join(folder, file.path);
  let size: number;
  try {
    size = (await stat(path)).size;
  } catch (cause) {
    throw new ModelFileError(
      path,
      'the manifest lists this file, but it is missing. Copy or convert the model again.',
      {
        cause,
      },
    );
  }
  if (size !== file.bytes) {
    throw new ModelFileError(
      path,
      `has ${size} bytes, the manifest says ${file.bytes}. Copy or convert the model again.`,
    );
  }
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash);
  if (hash.digest('hex') !== file.sha256) {
    throw new ModelFileError(
      path,
      'its SHA-256 is not the one in the manifest: the file was changed or damaged.',
    );
  }
}
