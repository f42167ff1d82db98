import type { Manifest } from '@tessera/onnx';

/** SHA-256 of a manifest's JSON with keys in alphabetical order and no spaces, in hexadecimal digits. */
export async function manifestHash(manifest: Manifest): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(sorted(manifest)));
  const hash = await crypto.subtle.digest('SHA-256', bytes);
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, sorted(part)]),
  );
}
