import { readFile } from 'node:fs/promises';
import { ManifestError, parseManifest } from '@tessera/format';
import { modelFolder } from '@tessera/model-tiny';
import { type LoadProgress, ModelFileError } from '@tessera/onnx';
import { describe, expect, it } from 'vitest';
import { folderBytes, openFolder } from './open-folder.js';

const json = await readFile(new URL('mar.json', modelFolder), 'utf8');
const manifest = parseManifest(json);
const files = new Map<string, Blob>([['mar.json', new Blob([json])]]);
for (const { path } of manifest.files) {
  files.set(path, new Blob([new Uint8Array(await readFile(new URL(path, modelFolder)))]));
}
const quiet = { dtype: 'auto' as const, onProgress() {} };

describe('a folder of the user’s disk', () => {
  it('opens as a model whose files are checked', async () => {
    const reports: LoadProgress[] = [];
    const opened = await openFolder(files, { dtype: 'auto', onProgress: (report) => reports.push(report) });
    expect(opened).toEqual({ manifest, dtype: manifest.variants[0]!.dtype });
    expect(reports.at(-1)).toMatchObject({ phase: 'check', loadedBytes: reports[0]!.totalBytes });
    const { path, bytes } = manifest.files[0]!;
    expect(await folderBytes(files, path)).toHaveLength(bytes);
  });

  const { path } = manifest.files.find((file) => file.path.endsWith('decoder.onnx'))!;
  it.each([
    ['without mar.json', 'mar.json', undefined, ModelFileError, /is not in the folder/],
    ['whose mar.json is none', 'mar.json', new Blob(['<!doctype html>']), ManifestError, /HTML page/],
    ['that lacks a file', path, undefined, ModelFileError, /is not in the folder/],
    ['with a file of another size', path, new Blob(['x']), ModelFileError, /has 1 bytes/],
    [
      'with a damaged file',
      path,
      new Blob([new Uint8Array(files.get(path)!.size)]),
      ModelFileError,
      /SHA-256/,
    ],
  ] as const)('%s is refused by a typed error', async (_, changed, blob, type, message) => {
    const others = new Map(files);
    if (blob) others.set(changed, blob);
    else others.delete(changed);
    const opening = openFolder(others, quiet);
    await expect(opening).rejects.toThrow(type);
    await expect(opening).rejects.toThrow(message);
  });
});
