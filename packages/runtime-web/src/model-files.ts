import { TesseraError } from '@tessera/core';
import { assertFileHash, assertFileSize, type ManifestFile } from '@tessera/onnx';

/** Throws `ModelFileError` unless the bytes have the manifest's size and SHA-256. */
export async function checkBytes(
  url: string,
  file: ManifestFile,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  assertFileSize(url, file, bytes.length);
  assertFileHash(url, file, await sha256(bytes));
}

/** In hexadecimal. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (!crypto.subtle) {
    throw new TesseraError(
      'insecure-context',
      "Files can't be checked, because this page was not served over https. Serve it over https, or from localhost.",
    );
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
