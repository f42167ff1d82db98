import { open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CheckpointFileError,
  CheckpointFormatError,
  type CheckpointProblem,
  TensorAccessError,
} from '../errors.js';
import { float16ToFloat32 } from '../graph/float16.js';
import { inTemporaryFolder } from '../testing/golden.js';
import { writeRawSafetensors } from '../testing/raw-safetensors.js';
import { openTensors } from './open-tensors.js';
import { type TensorToWrite, writeSafetensors } from './safetensors-writer.js';

const name = fc.string().filter((text) => text !== '__metadata__' && text !== '__proto__');
const elements = <T>(values: fc.Arbitrary<T>) => fc.array(values, { maxLength: 12 });
const tensor: fc.Arbitrary<TensorToWrite> = fc
  .oneof(
    elements(fc.float({ noNaN: true })).map((values) => Float32Array.from(values)),
    elements(fc.double({ noNaN: true })).map((values) => Float64Array.from(values)),
    elements(fc.integer()).map((values) => Int32Array.from(values)),
    elements(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })).map((values) =>
      BigInt64Array.from(values),
    ),
    elements(fc.integer({ min: 0, max: 255 })).map((values) => Uint8Array.from(values)),
    elements(fc.integer({ min: 0, max: 0x7bff })).map((values) => Uint16Array.from(values)),
  )
  .map((data) => ({ data, shape: data.length % 2 === 0 ? [data.length / 2, 2] : [data.length] }));

/** A file with this header, written as it is, and `bytes` of data. */
async function raw(folder: string, header: unknown, bytes: number): Promise<string> {
  const path = join(folder, 'raw.safetensors');
  await writeRawSafetensors(path, header, new Uint8Array(bytes));
  return path;
}

describe('a safetensors file', () => {
  it('gives back what was written, in the array of its type', async () => {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, 'a.safetensors');
      await fc.assert(
        fc.asyncProperty(
          fc.dictionary(name, tensor, { maxKeys: 5, noNullPrototype: true }),
          fc.dictionary(name, fc.string(), { maxKeys: 3, noNullPrototype: true }),
          async (tensors, metadata) => {
            await writeSafetensors(path, tensors, metadata);
            const file = await openTensors(path);
            expect(file.names.toSorted()).toEqual(Object.keys(tensors).toSorted());
            expect(file.metadata).toEqual(metadata);
            for (const [name, { shape, data }] of Object.entries(tensors)) {
              expect(file.shape(name)).toEqual(shape);
              const expected = data instanceof Uint16Array ? float16ToFloat32(data) : data;
              expect(await file.read(name)).toEqual(expected);
            }
            await file.close();
          },
        ),
        { numRuns: 50 },
      );
    });
  });

  it('reads a range of rows without the rest', async () => {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, 'a.safetensors');
      const data = Float64Array.from({ length: 12 }, (_, i) => i);
      await writeSafetensors(path, {
        before: { shape: [1], data: Uint8Array.of(9) },
        rows: { shape: [4, 3], data },
      });
      const file = await openTensors(path);
      expect(await file.readFloats('rows', [1, 3])).toEqual(Float32Array.of(3, 4, 5, 6, 7, 8));
      expect(await file.readFloats('rows', [2, 2])).toEqual(new Float32Array());
      await expect(file.readFloats('rows', [3, 5])).rejects.toThrow(TensorAccessError);
      await file.close();
    });
  });

  it('has its data aligned to 8 bytes, and nothing else beside it when written', async () => {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, 'a.safetensors');
      await writeSafetensors(path, { odd: { shape: [3], data: Uint8Array.of(1, 2, 3) } });
      expect((await readFile(path)).readBigUInt64LE() % 8n).toBe(0n);
      expect(await readdir(folder)).toEqual(['a.safetensors']);
    });
  });

  it('is whole where two are written under one name at the same time', async () => {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, 'a.safetensors');
      const sizes = [1000, 1_000_000];
      await Promise.all(
        sizes.map((size) =>
          writeSafetensors(path, { a: { shape: [size], data: new Float32Array(size).fill(size) } }),
        ),
      );
      const file = await openTensors(path);
      const values = await file.readFloats('a');
      expect(sizes).toContain(values.length);
      expect(values.every((value) => value === values.length)).toBe(true);
      await file.close();
      expect(await readdir(folder)).toEqual(['a.safetensors']);
    });
  });

  it('refuses a tensor that it does not hold, and integers where floats are needed', async () => {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, 'a.safetensors');
      await writeSafetensors(path, { labels: { shape: [2], data: Int32Array.of(1, 2) } });
      const file = await openTensors(path);
      expect(() => file.shape('label')).toThrow(TensorAccessError);
      await expect(file.readFloats('labels')).rejects.toMatchObject({
        code: 'tensor-access',
        message: expect.stringContaining('holds I32'),
      });
      await file.close();
    });
  });

  it.each([
    ['BOOL', 4],
    ['I16', 8],
    ['F8_E4M3', 4],
    ['F4', 2],
    ['C64', 32],
  ])('may hold a tensor of %s, which is refused only when it is read', async (dtype, bytes) => {
    await inTemporaryFolder(async (folder) => {
      const odd = { dtype, shape: [4], data_offsets: [0, bytes] };
      const weights = { dtype: 'F32', shape: [2], data_offsets: [bytes, bytes + 8] };
      const file = await openTensors(await raw(folder, { odd, weights }, bytes + 8));
      expect(await file.readFloats('weights')).toEqual(new Float32Array(2));
      expect([file.shape('odd'), file.dtype('odd')]).toEqual([[4], dtype]);
      for (const reading of [file.read('odd'), file.readFloats('odd')]) {
        await expect(reading).rejects.toMatchObject({
          code: 'tensor-access',
          message: expect.stringContaining(`holds ${dtype}, which can't be read`),
        });
      }
      await file.close();
    });
  });

  it('refuses to be written with an array of another length than its shape says', async () => {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, 'a.safetensors');
      await expect(
        writeSafetensors(path, { a: { shape: [2, 2], data: new Float32Array(3) } }),
      ).rejects.toMatchObject({ code: 'shape-mismatch' });
      expect(await readdir(folder)).toEqual([]);
    });
  });
});

describe('opening a damaged safetensors file', () => {
  const f32 = (shape: unknown, from: number, to: number) => ({
    dtype: 'F32',
    shape,
    data_offsets: [from, to],
  });
  const json = JSON.stringify;
  const damaged: [string, CheckpointProblem, unknown, number][] = [
    ['a header that is not JSON', 'header', '{"a": ', 0],
    ['a header that is an array', 'header', [], 0],
    ['an entry that is not an object', 'header', { a: 3 }, 0],
    ['metadata that are not strings', 'header', { __metadata__: { a: 1 } }, 0],
    ['a type that nobody knows', 'dtype', { a: { dtype: 'F5', shape: [8], data_offsets: [0, 5] } }, 5],
    [
      'a type named like an object’s own property',
      'dtype',
      { a: { dtype: 'toString', shape: [], data_offsets: [0, 1] } },
      1,
    ],
    ['a negative extent', 'shape', { a: f32([-1], 0, 4) }, 4],
    ['a shape that is no list', 'shape', { a: f32(4, 0, 16) }, 16],
    ['offsets that fall', 'offsets', { a: f32([1], 4, 0) }, 4],
    ['offsets that are not whole', 'offsets', { a: f32([1], 0.5, 4.5) }, 8],
    ['fewer bytes than the shape needs', 'offsets', { a: f32([3], 0, 8) }, 8],
    ['half a byte', 'offsets', { a: { dtype: 'F4', shape: [3], data_offsets: [0, 1] } }, 1],
    ['an end beyond the file’s', 'truncated', { a: f32([2], 0, 8) }, 7],
    ['two tensors on the same bytes', 'overlap', { a: f32([2], 0, 8), b: f32([2], 4, 12) }, 12],
    ['a name twice', 'duplicate', `{"a": ${json(f32([1], 0, 4))}, "a": ${json(f32([1], 4, 8))}}`, 8],
    [
      'a name twice, for the same bytes',
      'duplicate',
      `{"a": ${json(f32([1], 0, 4))}, "a": ${json(f32([1], 0, 4))}}`,
      4,
    ],
    [
      'a name twice, once escaped',
      'duplicate',
      `{"a\\"{": ${json(f32([1], 0, 4))}, "\\u0061\\u0022{" : ${json(f32([1], 4, 8))}}`,
      8,
    ],
    [
      'a shape twice',
      'duplicate',
      '{"a": {"dtype": "F32", "shape": [2], "shape": [1], "data_offsets": [0, 4]}}',
      4,
    ],
    [
      'a type that nests without end',
      'dtype',
      `{"a": {"dtype": ${'['.repeat(50_000)}${']'.repeat(50_000)}, "shape": [1], "data_offsets": [0, 4]}}`,
      4,
    ],
    ['metadata twice', 'duplicate', '{"__metadata__": {}, "__metadata__": {}}', 0],
  ];

  it.each(damaged)('says what is wrong: %s', async (_, problem, header, bytes) => {
    await inTemporaryFolder(async (folder) => {
      const error = await openTensors(await raw(folder, header, bytes)).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(CheckpointFormatError);
      expect(error).toMatchObject({ code: 'checkpoint-format', problem });
    });
  });

  it('says so whatever byte the file is cut off at', async () => {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, 'a.safetensors');
      await writeSafetensors(path, { a: { shape: [3], data: Float32Array.of(1, 2, 3) } });
      const { length } = await readFile(path);
      for (let kept = length - 1; kept >= 0; kept--) {
        const handle = await open(path, 'r+');
        await handle.truncate(kept);
        await handle.close();
        await expect(openTensors(path)).rejects.toMatchObject({ problem: 'truncated' });
      }
    });
  });

  it('takes names that occur in other objects, in values or in text for no duplicates', async () => {
    await inTemporaryFolder(async (folder) => {
      const header = {
        __metadata__: { a: '"a": {', shape: '}' },
        shape: f32([1], 0, 4),
        dtype: f32([1], 4, 8),
      };
      const file = await openTensors(await raw(folder, header, 8));
      expect(file.names).toEqual(['shape', 'dtype']);
      await file.close();
    });
  });

  it('takes texts of many millions of characters, with escapes or without', async () => {
    await inTemporaryFolder(async (folder) => {
      const metadata = { long: 'a'.repeat(16 << 20), escaped: '\\"'.repeat(4 << 20) };
      const file = await openTensors(await raw(folder, { __metadata__: metadata, a: f32([1], 0, 4) }, 4));
      expect(file.metadata.escaped).toHaveLength(8 << 20);
      expect(file.names).toEqual(['a']);
      await file.close();
    });
  });

  it('names a file that is missing, or is none', async () => {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, 'none.safetensors');
      const error = await openTensors(path).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(CheckpointFileError);
      expect(error).toMatchObject({ path, message: expect.stringMatching(/there is no such file/) });
      expect((error as Error).cause).toMatchObject({ code: 'ENOENT' });
      await expect(openTensors(folder)).rejects.toMatchObject({ code: 'checkpoint-file' });
    });
  });

  it('does not try to read a header of absurd length', async () => {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, 'a.safetensors');
      await writeFile(path, Buffer.alloc(64, 0x7f));
      await expect(openTensors(path)).rejects.toMatchObject({ problem: 'header' });
    });
  });
});
