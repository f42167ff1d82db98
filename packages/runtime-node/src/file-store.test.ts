import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeModelStore } from '@tessera/onnx/testing';
import { expect, it } from 'vitest';
import { fileStore } from './file-store.js';

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'tessera-store-'));

describeModelStore('a folder', () => {
  const folder = newFolder();
  return {
    open: () => fileStore(join(folder, 'model')),
    close: () => rmSync(folder, { recursive: true }),
  };
});

const file = { path: 'onnx/a.onnx', bytes: 4, sha256: 'a'.repeat(64) };

it('writes beside the place of a file, and leaves parts alone once they are given up', async () => {
  const folder = newFolder();
  try {
    const store = fileStore(folder);
    await store.append(file, Uint8Array.of(1, 2));
    expect(existsSync(join(folder, file.path))).toBe(false);
    await store.leave();
    expect(readdirSync(join(folder, 'onnx'))).toEqual(['a.onnx.part']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('names the path and the reason where the disk refuses', async () => {
  const folder = newFolder();
  try {
    const inTheWay = join(folder, 'file');
    writeFileSync(inTheWay, '');
    await expect(fileStore(inTheWay).append(file, Uint8Array.of(1))).rejects.toMatchObject({
      code: 'model-file',
      message: expect.stringMatching(/file.*could not be written to the cache: ENOTDIR.*cacheFolder/),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
