import { TesseraError } from '@tessera/core';

/**
 * The SHA-256 of some bytes, in hexadecimal.
 *
 * @throws TesseraError with code `insecure-context` on pages that were not served over https
 */
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
