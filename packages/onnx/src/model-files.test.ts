import { InvalidOptionError, TesseraError } from '@tessera/core';
import type { Manifest } from '@tessera/format';
import { exampleManifest } from '@tessera/format/testing';
import { describe, expect, it } from 'vitest';
import {
  assertFileHash,
  assertFileSize,
  fileAddress,
  ModelFileError,
  neededFiles,
  storedType,
} from './model-files.js';

const file = { path: 'a.onnx', bytes: 3, sha256: 'a'.repeat(64) };

describe('the files of a model', () => {
  it('are needed if their variant has them, and the recorded sample always is', () => {
    const one = exampleManifest().variants[0]!;
    const { decoder: _, encoder: __, ...components } = one.components;
    const half: Manifest['variants'][number] = {
      dtype: 'fp16',
      components: { ...components, transformer: { path: 'half.onnx', data: ['half.data'] } },
    };
    const { transformer, embed } = components;
    const paths = Object.values(components).flatMap((part) => part?.path ?? []);
    const manifest: Manifest = {
      ...exampleManifest(),
      variants: [{ dtype: 'fp32', components }, half],
      parity: 'p.json',
      files: [...paths, 'half.onnx', 'half.data', 'p.json'].map((path) => ({ ...file, path })),
    };
    const needed = (dtype: 'fp32' | 'fp16') => neededFiles(manifest, dtype).map(({ path }) => path);
    expect(needed('fp32')).toContain(transformer!.path);
    expect(needed('fp32')).toContain('p.json');
    expect(needed('fp32')).not.toContain('half.data');
    expect(needed('fp16')).toEqual(expect.arrayContaining(['half.onnx', 'half.data', embed.path, 'p.json']));
    expect(needed('fp16')).not.toContain(transformer!.path);
    expect(storedType(manifest, 'auto')).toBe('fp32');
    expect(storedType(manifest, 'fp16')).toBe('fp16');
    expect(() => storedType({ ...manifest, variants: [half] }, 'fp32')).toThrow(InvalidOptionError);
  });

  it('are at the address of their folder, each with its query', () => {
    expect(fileAddress('http://h/tiny', 'onnx/a.onnx')).toBe('http://h/tiny/onnx/a.onnx');
    expect(fileAddress('http://h/tiny/', 'mar.json')).toBe('http://h/tiny/mar.json');
    expect(fileAddress('http://h/tiny?v=2&a=/b#c', 'mar.json')).toBe('http://h/tiny/mar.json?v=2&a=/b');
    expect(fileAddress('http://h?v=2', 'mar.json')).toBe('http://h/mar.json?v=2');
  });

  it('are refused where size or hash are others than the manifest’s', () => {
    expect(() => assertFileSize('x/a.onnx', file, 3)).not.toThrow();
    expect(() => assertFileSize('x/a.onnx', file, 4)).toThrow('x/a.onnx: has 4 bytes, the manifest says 3');
    expect(() => assertFileHash('x/a.onnx', file, file.sha256)).not.toThrow();
    expect(() => assertFileHash('x/a.onnx', file, 'b'.repeat(64))).toThrow(ModelFileError);
  });

  it('have errors that are recognised after a way through a worker', () => {
    expect(ModelFileError.isInstance(new TesseraError('model-file', 'a.onnx: is missing'))).toBe(true);
    expect(ModelFileError.isInstance(new TesseraError('manifest', 'is missing'))).toBe(false);
  });
});
