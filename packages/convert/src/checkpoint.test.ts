import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Checkpoint, transpose } from './checkpoint.js';
import { CheckpointKeysError } from './errors.js';
import { openSafetensors } from './safetensors.js';
import { type TensorToWrite, writeSafetensors } from './safetensors-writer.js';
import { inTemporaryFolder } from './testing/golden.js';

const zeros = (...shape: number[]): TensorToWrite => ({
  shape,
  data: new Float32Array(shape.reduce((product, extent) => product * extent, 1)),
});

async function withCheckpoint<T>(
  tensors: Record<string, TensorToWrite>,
  body: (open: (ignore?: readonly string[]) => Checkpoint) => Promise<T> | T,
): Promise<T> {
  return inTemporaryFolder(async (folder) => {
    const path = join(folder, 'a.safetensors');
    await writeSafetensors(path, tensors);
    const file = await openSafetensors(path);
    const result = await body((ignore) => new Checkpoint(file, 'fake_latent', ignore));
    await file.close();
    return result;
  });
}

const expected = new Map([
  ['fake_latent', [1, 4]],
  ['a.weight', [4, 3]],
  ['a.bias', [4]],
  ['b.weight', [2, Number.NaN]],
]);

describe('comparing a checkpoint’s keys', () => {
  it('lists everything missing, unexpected and misshapen in one error', async () => {
    const tensors = {
      fake_latent: zeros(1, 4),
      'a.weight': zeros(3, 4),
      'b.weight': zeros(2, 2, 1),
      'c.weight': zeros(1),
      'loss.x': zeros(1),
    };
    await withCheckpoint(tensors, (open) => {
      const error = (() => {
        try {
          open(['loss.']).assertKeys(expected);
        } catch (reason) {
          return reason;
        }
      })();
      expect(error).toBeInstanceOf(CheckpointKeysError);
      expect(error).toMatchObject({
        code: 'checkpoint-keys',
        missing: ['a.bias'],
        unexpected: ['c.weight'],
        misshapen: [
          { key: 'a.weight', expected: [4, 3], actual: [3, 4] },
          { key: 'b.weight', expected: [2, Number.NaN], actual: [2, 2, 1] },
        ],
      });
      const { message } = error as Error;
      for (const part of [
        'a.bias',
        'c.weight',
        'expected [4, 3], got [3, 4]',
        'expected [2, ?], got [2, 2, 1]',
      ]) {
        expect(message).toContain(part);
      }
    });
  });

  it.each(['', 'model_ema.', 'module.', 'anything.at.all.'])(
    'passes over the prefix "%s"',
    async (prefix) => {
      const tensors = Object.fromEntries(
        [...expected].map(([key, shape]) => [prefix + key, zeros(...shape.map((extent) => extent || 5))]),
      );
      await withCheckpoint(tensors, (open) => {
        const checkpoint = open();
        expect(() => checkpoint.assertKeys(expected)).not.toThrow();
        expect(checkpoint.shape('a.weight')).toEqual([4, 3]);
        expect(checkpoint.parameters).toBe(4 + 12 + 4 + 10);
      });
    },
  );

  it.each([
    ['', 'model_ema.'],
    ['model.', 'model_ema.'],
    ['model.', 'model.ema.'],
    ['model.module.', 'model_ema.module.'],
    ['state.model.', 'state.model_ema.'],
  ])('takes the averaged weights where a file holds "%s" and "%s"', async (raw, averaged) => {
    const tensors = {
      [`${raw}fake_latent`]: { shape: [1], data: Float32Array.of(1) },
      [`${averaged}fake_latent`]: { shape: [1], data: Float32Array.of(2) },
    };
    await withCheckpoint(tensors, async (open) => {
      const checkpoint = open();
      checkpoint.assertKeys(new Map([['fake_latent', [1]]]));
      expect(checkpoint.prefix).toBe(averaged);
      expect(await checkpoint.read('fake_latent')).toEqual(Float32Array.of(2));
    });
  });
});

describe('transposing', () => {
  it('moves every element to its mirrored place, for any shape', () => {
    const extent = fc.integer({ min: 0, max: 70 });
    fc.assert(
      fc.property(extent, extent, (rows, columns) => {
        const values = Float32Array.from({ length: rows * columns }, (_, i) => i);
        const mirrored = transpose(values, rows, columns);
        const wrong = mirrored.filter((value, i) => value !== (i % rows) * columns + Math.floor(i / rows));
        expect(wrong).toHaveLength(0);
      }),
    );
  });

  it('takes only the rows asked for', async () => {
    const data = Float32Array.from({ length: 12 }, (_, i) => i);
    await withCheckpoint({ fake_latent: zeros(1), w: { shape: [4, 3], data } }, async (open) => {
      const weight = open().transposed('w', 3, [1, 3]);
      expect(weight.shape).toEqual([3, 2]);
      expect(await weight.load()).toEqual(Float32Array.of(3, 6, 4, 7, 5, 8));
    });
  });
});
