import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { inTemporaryFolder } from '../testing/golden.js';
import { writeRawSafetensors } from '../testing/raw-safetensors.js';
import { openTensors } from './open-tensors.js';

const bytes = (latin1: string): Buffer => Buffer.from(latin1.padEnd(64, '\0'), 'latin1');
const zip = (name: string): Buffer => bytes(`PK\x03\x04${'\0'.repeat(26)}${name}PK\x01\x02`);

it.each([
  [
    'a Git LFS pointer. Run "git lfs pull"',
    'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 134\n',
  ],
  ['a git-annex pointer. Run "git annex get"', '/annex/objects/SHA256E-s104--3b1d.safetensors\n'],
  ['an HTML page. Download the file itself', '<!DOCTYPE html>\n<html>'],
  ['an HTML page', '\ufeff\n<html lang="en">'],
  ['an HTML page', Buffer.from('\ufeff<!DOCTYPE html><html>', 'utf16le')],
  ['an XML document', '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'],
  ['the index of a checkpoint in several files', '{\n  "metadata": {"total_size": 8},\n  "weight_map": {}}'],
  ['a JSON document', '{"error": "Repository not found"}'],
  ['a JSON document', '["cat", "dog"]'],
  ['a text. Download the file itself', 'Access to this model is restricted.'],
  ['a text', 'Zugriff verweigert: nur für Mitglieder. '.repeat(30)],
  ['a GGUF model', bytes('GGUF\x03')],
  ['compressed by gzip. Unpack it', gzipSync('weights')],
  ['compressed. Unpack it', bytes('\xfd7zXZ')],
  ['a NumPy archive (.npz). Load it in Python', zip('weight.npy')],
  ['a NumPy array', bytes('\x93NUMPY\x01')],
  ['an HDF5 file', bytes('\x89HDF\r\n\x1a\n')],
  ['a Python pickle', bytes('\x80\x02N.')],
  ['an ONNX model', bytes('\x08\x08\x12\x07pytorch')],
  ['a tar archive', Buffer.from(`a.safetensors${'\0'.repeat(244)}ustar\x0000`)],
])('what is %s is said to be that', async (words, content) => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, 'a.safetensors');
    await writeFile(path, content);
    await expect(openTensors(path)).rejects.toMatchObject({
      code: 'checkpoint-format',
      problem: 'other-format',
      message: expect.stringContaining(`${path} can't be read: it is ${words}`),
    });
  });
});

it('a header of any length is read, though its first byte begins another kind of file', async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, 'a.safetensors');
    for (const length of [0x1f, 0x80, 0x8b1f, 0x0280, 0x4b50]) {
      await writeRawSafetensors(path, '{}'.padEnd(length), new Uint8Array());
      await (await openTensors(path)).close();
    }
  });
});
