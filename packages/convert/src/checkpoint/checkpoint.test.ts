import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CheckpointKeysError } from '../errors.js';
import { inTemporaryFolder } from '../testing/golden.js';
import { writeRawSafetensors } from '../testing/raw-safetensors.js';
import { Checkpoint, type CheckpointOptions, transpose } from './checkpoint.js';
import { openTensors } from './open-tensors.js';
import { type TensorToWrite, writeSafetensors } from './safetensors-writer.js';

const zeros = (...shape: number[]): TensorToWrite => ({
  shape,
  data: new Float32Array(shape.reduce((product, extent) => product * extent, 1)),
});

async function withCheckpoint<T>(
  tensors: Record<string, TensorToWrite>,
  body: (open: (options?: CheckpointOptions) => Checkpoint) => Promise<T> | T,
  name = 'a.safetensors',
): Promise<T> {
  return inTemporaryFolder(async (folder) => {
    const path = join(folder, name);
    await writeSafetensors(path, tensors);
    const file = await openTensors(path);
    const result = await body((options) => new Checkpoint(file, 'fake_latent', options));
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
      'noise.x': zeros(1),
      'loss.x': zeros(1),
      epoch: zeros(1),
    };
    await withCheckpoint(tensors, (open) => {
      const error = (() => {
        try {
          open({ ignore: ['noise.'] }).assertKeys(expected);
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
});

/** A file with a copy under each prefix, whose values are the copy's number. */
const copies = (...prefixes: readonly string[]): Record<string, TensorToWrite> =>
  Object.fromEntries(
    prefixes.flatMap((prefix, i) =>
      ['fake_latent', 'block.0.weight'].map((key) => [
        prefix + key,
        { shape: [1], data: Float32Array.of(i + 1) },
      ]),
    ),
  );

describe('a file with two copies of the weights', () => {
  const pairs = [
    ['', 'model_ema.'],
    ['', 'ema.'],
    ['model.', 'model_ema.'],
    ['model.', 'model.ema.'],
    ['model.', 'ema_model.'],
    ['online_model.', 'ema_model.'],
    ['model.', 'model_ema1.'],
    ['params.', 'params_ema.'],
    ['state_dict.', 'state_dict_ema.'],
    ['module.', 'ema.module.'],
    ['module._orig_mod.', 'ema_model.module._orig_mod.'],
    ['_orig_mod.', '_orig_mod.ema.'],
    ['model.module.', 'model_ema.module.'],
    ['state_dict.model.', 'state_dict.model_ema.'],
    ['net.', 'swa_model.'],
    ['net.', 'averaged_net.'],
  ] as const;

  it.each(
    pairs.flatMap((pair) =>
      ['a.safetensors', 'raw-and-ema.safetensors'].map((name) => [...pair, name] as const),
    ),
  )(
    'under "%s" and "%s" in %s gives the averaged weights, or those asked for',
    async (raw, averaged, name) => {
      await withCheckpoint(
        copies(raw, averaged),
        async (open) => {
          const choices: [CheckpointOptions, string, number][] = [
            [{}, 'averaged', 2],
            [{ weights: 'averaged' }, 'averaged', 2],
            [{ weights: 'raw' }, 'raw', 1],
            [{ ignore: [averaged] }, 'raw', 1],
          ];
          if (raw !== '' && !averaged.startsWith(raw)) choices.push([{ ignore: [raw] }, 'averaged', 2]);
          for (const [options, kind, value] of choices) {
            const checkpoint = open(options);
            checkpoint.assertKeys(
              new Map([
                ['fake_latent', [1]],
                ['block.0.weight', [1]],
              ]),
            );
            const [prefix, other] = kind === 'raw' ? [raw, averaged] : [averaged, raw];
            expect(checkpoint.taken).toMatchObject({ kind, prefix, others: [{ prefix: other }] });
            expect(await checkpoint.read('block.0.weight')).toEqual(Float32Array.of(value));
          }
        },
        name,
      );
    },
  );

  it('gives the raw weights where the averaged ones are not whole', async () => {
    const tensors = copies('', 'model_ema.');
    delete tensors['model_ema.block.0.weight'];
    await withCheckpoint(tensors, (open) => {
      expect(open().taken).toMatchObject({ kind: 'raw', prefix: '', trainingKeys: [] });
      const averaged = open({ weights: 'averaged' });
      expect(() => averaged.assertKeys(new Map([['block.0.weight', [1]]]))).toThrow(CheckpointKeysError);
    });
  });

  it('gives averaged weights whose names have no dots on request', async () => {
    const tensors = copies('', 'model_ema.');
    const { 'model_ema.block.0.weight': average, ...rest } = tensors;
    const counters = { 'model_ema.decay': zeros(1), 'model_ema.num_updates': zeros(1) };
    await withCheckpoint({ ...rest, 'model_ema.block0weight': average!, ...counters }, async (open) => {
      expect(open().taken).toMatchObject({ kind: 'raw', prefix: '', others: [{ prefix: 'model_ema.' }] });
      const averaged = open({ weights: 'averaged' });
      averaged.assertKeys(
        new Map([
          ['fake_latent', [1]],
          ['block.0.weight', [1]],
        ]),
      );
      expect(await averaged.read('block.0.weight')).toEqual(Float32Array.of(2));
    });
  });

  it('takes an optimiser’s values for no copy', async () => {
    const tensors = { ...copies(''), ...copies('optimizer.exp_avg.', 'optimizer.state.exp_avg_sq.') };
    await withCheckpoint({ ...tensors, fake_latent: zeros(1) }, (open) => {
      expect(open().taken).toMatchObject({ kind: 'raw', prefix: '', others: [] });
      expect(open().taken.trainingKeys).toHaveLength(4);
      expect(open().parameters).toBe(2);
    });
  });

  it('refuses to guess where the kind asked for is not there', async () => {
    await withCheckpoint(copies('model.'), (open) => {
      expect(() => open({ weights: 'averaged' })).toThrow(
        expect.objectContaining({
          code: 'invalid-option',
          option: 'weights',
          message: expect.stringMatching(/a\.safetensors has, which is raw \(model\.\)/),
        }),
      );
    });
  });
});

describe('checking a checkpoint’s values', () => {
  /** 1, NaN and infinity in each type, little-endian. */
  const TYPES = {
    F64: [8, 0x3ff0000000000000n, 0x7ff8000000000000n, 0xfff0000000000000n],
    F32: [4, 0x3f800000n, 0xffc00001n, 0x7f800000n],
    F16: [2, 0x3c00n, 0x7e00n, 0xfc00n],
    BF16: [2, 0x3f80n, 0x7fc1n, 0xff80n],
  } as const;

  it.each(Object.entries(TYPES))(
    'names tensors of %s in full that hold NaN or infinity',
    async (dtype, [size, ...bits]) => {
      const [one, nan, infinity] = bits;
      const bytes = (...values: readonly bigint[]): Buffer =>
        Buffer.concat(
          values.map((value) => {
            const bytes = Buffer.alloc(8);
            bytes.writeBigUInt64LE(value);
            return bytes.subarray(0, size);
          }),
        );
      const tensors = {
        'model.fake_latent': bytes(one, one, one, one),
        'model.blocks.3.weight': bytes(one, one, nan, nan),
        'model.blocks.12.bias': bytes(one, one, one, infinity),
        'model.mask_token': bytes(0n, 0n, 0n, 0n),
        'model.zero.bias': bytes(0n, 0n, 0n, 0n),
      };
      const header = Object.fromEntries(
        Object.keys(tensors).map((name, i) => [
          name,
          { dtype, shape: [2, 2], data_offsets: [i * 4 * size, (i + 1) * 4 * size] },
        ]),
      );
      await inTemporaryFolder(async (folder) => {
        const path = join(folder, 'a.safetensors');
        await writeRawSafetensors(path, header, Buffer.concat(Object.values(tensors)));
        const file = await openTensors(path);
        const checkpoint = new Checkpoint(file, 'fake_latent');
        const unusable = [
          { tensor: 'model.blocks.3.weight', problem: 'nan', at: [1, 0] },
          { tensor: 'model.blocks.12.bias', problem: 'infinity', at: [1, 1] },
        ];
        await expect(checkpoint.assertValues()).rejects.toMatchObject({
          code: 'checkpoint-values',
          path,
          tensors: [...unusable, { tensor: 'model.mask_token', problem: 'zero', at: [] }],
          message: expect.stringContaining('model.blocks.3.weight holds NaN, first at [1, 0]'),
        });
        await expect(checkpoint.assertValues({ allowZeros: true })).rejects.toMatchObject({
          tensors: unusable,
        });
        await file.close();
      });
    },
  );

  it('lets biases be zero, and other tensors on request, and lists them', async () => {
    const tensors = {
      fake_latent: zeros(1),
      'a.bias': zeros(3),
      b: { shape: [1], data: Float32Array.of(1) },
    };
    await withCheckpoint(tensors, async (open) => {
      await expect(open().assertValues()).rejects.toMatchObject({ code: 'checkpoint-values' });
      expect(await open().assertValues({ allowZeros: true })).toEqual(['fake_latent', 'a.bias']);
      expect(await open({ ignore: ['fake_latent'] }).assertValues()).toEqual(['a.bias']);
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
