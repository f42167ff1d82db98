import { createHash } from 'node:crypto';
import { exampleManifest } from '@tessera/format/testing';

/** The one large file of {@link exampleFolder}. */
export const LARGE = exampleManifest().files[0]!.path;

/** A model folder whose graphs are none, by path; `byte` makes others of it. */
export function exampleFolder(byte = 0): Readonly<Record<string, Buffer>> {
  const contents = exampleManifest().files.map(({ path }, k) => {
    const size = path === LARGE ? 200_000 : 50;
    return [
      path,
      Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * 31 + k + byte) % 251)),
    ] as const;
  });
  const files = contents.map(([path, content]) => ({
    path,
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
  }));
  return {
    ...Object.fromEntries(contents),
    'mar.json': Buffer.from(JSON.stringify({ ...exampleManifest(), files })),
  };
}
