import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, rmdir, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OutputExistsError } from '../errors.js';
import { inTemporaryFolder } from '../testing/golden.js';
import { type OutputOptions, writeOutput } from './output-folder.js';

const fill = async (partial: string): Promise<void> => {
  await writeFile(join(partial, 'mar.json'), 'new');
};

const once: OutputOptions = { overwrite: false, reads: [] };
const again: OutputOptions = { overwrite: true, reads: [] };

it('replaces a folder only where it is told to, and by a whole one', async () => {
  await inTemporaryFolder(async (folder) => {
    const out = join(folder, 'model');
    await writeOutput(out, once, fill);
    await writeFile(join(out, 'parity.json'), 'old');
    await expect(writeOutput(out, once, fill)).rejects.toThrow(OutputExistsError);
    await writeOutput(out, again, fill);
    expect(await readdir(out)).toEqual(['mar.json']);
    expect(await readdir(folder)).toEqual(['model']);
  });
});

it('leaves a folder alone that was made while it wrote', async () => {
  await inTemporaryFolder(async (folder) => {
    const out = join(folder, 'model');
    const late = async (partial: string): Promise<void> => {
      await fill(partial);
      await mkdir(out, { recursive: true });
      await writeFile(join(out, 'notes.txt'), 'mine');
    };
    await expect(writeOutput(out, once, late)).rejects.toThrow(OutputExistsError);
    await expect(writeOutput(out, again, late)).rejects.toMatchObject({
      code: 'invalid-option',
      message: expect.stringContaining('notes.txt'),
    });
    expect(await readFile(join(out, 'notes.txt'), 'utf8')).toBe('mine');
    expect(await readdir(folder)).toEqual(['model']);
  });
});

it('removes the folders that it made above where writing fails, and none that hold something', async () => {
  await inTemporaryFolder(async (folder) => {
    const fail = async (partial: string): Promise<void> => {
      await writeFile(join(partial, 'mar.json'), 'half');
      throw new Error('no more');
    };
    await expect(writeOutput(join(folder, 'a', 'b', 'model'), once, fail)).rejects.toThrow('no more');
    expect(await readdir(folder)).toEqual([]);
    await writeOutput(join(folder, 'a', 'b', 'model'), once, fill);
    await expect(writeOutput(join(folder, 'a', 'c', 'other'), once, fail)).rejects.toThrow('no more');
    expect(await readdir(join(folder, 'a'))).toEqual(['b']);
  });
});

it.each(['/dev/null/model', '/proc/model', '/proc/a/model', `/tmp/${'x'.repeat(300)}`])(
  'refuses at once to write to %s, where no folder can be made',
  async (out) => {
    await expect(writeOutput(out, once, fill)).rejects.toMatchObject({ code: 'output-folder' });
  },
);

describe('a folder that is to be replaced', () => {
  const holding = async (folder: string, files: readonly string[]): Promise<void> => {
    for (const file of files) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), 'old');
    }
  };

  it.each([
    ['a file of one’s own in a model folder', ['mar.json', 'onnx/mine.onnx'], 'onnx/mine.onnx'],
    ['a checkpoint in a model folder', ['mar.json', 'model.safetensors'], 'model.safetensors'],
    ['files without a manifest', ['README.md'], 'README.md'],
    ['a file of one’s own beside an autoencoder', ['decoder.onnx', 'mine.onnx'], 'mine.onnx'],
  ])('is refused with %s, and stays as it was', async (_, files, foreign) => {
    await inTemporaryFolder(async (folder) => {
      const out = join(folder, 'model');
      await holding(out, files);
      const before = await readdir(out, { recursive: true });
      await expect(writeOutput(out, again, fill)).rejects.toMatchObject({
        code: 'invalid-option',
        option: 'out',
        message: expect.stringContaining(`it holds ${foreign}, which no conversion writes`),
      });
      expect(await readdir(out, { recursive: true })).toEqual(before);
    });
  });

  it.each([
    [
      'a model',
      ['mar.json', 'README.md', 'parity.json', 'onnx/transformer.onnx', 'onnx/transformer.onnx_data'],
    ],
    ['a model with caches', ['mar.json', 'onnx/transformer-cached.onnx', 'onnx/denoise-outer.onnx_data_1']],
    ['a model of before', ['mar.json', 'onnx/condition.onnx', 'onnx/condition-cached.onnx_data']],
    [
      'a model that takes text',
      ['mar.json', 'tokenizer.json', 'onnx/transformer.onnx', 'onnx/nullText.onnx'],
    ],
    ['an autoencoder', ['decoder.onnx', 'decoder.onnx_data', 'encoder.onnx']],
    ['a model, and what file managers leave', ['mar.json', '.DS_Store', 'onnx/.DS_Store', 'Thumbs.db']],
  ])('is replaced with all that a conversion of %s writes', async (_, files) => {
    await inTemporaryFolder(async (folder) => {
      await holding(join(folder, 'model'), files);
      await writeOutput(join(folder, 'model'), again, fill);
      expect(await readdir(join(folder, 'model'))).toEqual(['mar.json']);
    });
  });

  it('is refused where it holds what is read, by whatever name, or the working directory', async () => {
    await inTemporaryFolder(async (folder) => {
      const out = join(folder, 'model');
      await holding(out, ['mar.json']);
      await symlink(out, join(folder, 'link'));
      const inUse = { code: 'invalid-option', message: expect.stringContaining('which is in use') };
      const reads = [join(folder, 'link', 'mar.json')];
      await expect(writeOutput(out, { overwrite: true, reads }, fill)).rejects.toMatchObject(inUse);
      for (const path of ['.', '..']) {
        await expect(writeOutput(path, again, fill)).rejects.toMatchObject(inUse);
      }
      await writeOutput(out, { overwrite: true, reads: [join(folder, 'model.safetensors')] }, fill);
    });
  });

  it('is refused where it is a file', async () => {
    await inTemporaryFolder(async (folder) => {
      await holding(folder, ['model']);
      await expect(writeOutput(join(folder, 'model'), again, fill)).rejects.toMatchObject({
        code: 'invalid-option',
        message: expect.stringContaining('it is no folder'),
      });
    });
  });
});

it('puts the folder back that it was about to replace where the new one can’t take its place', async () => {
  await inTemporaryFolder(async (folder) => {
    const out = join(folder, 'model');
    await mkdir(out);
    await writeFile(join(out, 'mar.json'), 'old');
    // Without the new folder there is nothing to move.
    await expect(writeOutput(out, again, (partial) => rmdir(partial))).rejects.toMatchObject({
      code: 'ENOENT',
    });
    expect(await readFile(join(out, 'mar.json'), 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['model']);
  });
});

describe('what a killed process left beside a folder', () => {
  /** The id of a process that has ended. */
  const ended = (): number => spawnSync(process.execPath, ['--version']).pid;
  const leftBy = (purpose: string, pid: number) => `model.${purpose}-${hostname()}-${pid}-0a1b2c3d`;

  it('is cleared away, and told; what a running process or another machine writes stays', async () => {
    await inTemporaryFolder(async (folder) => {
      const running = [leftBy('partial', process.pid), 'model.partial-elsewhere-1-0a1b2c3d', 'model.partial'];
      for (const name of [leftBy('partial', ended()), ...running]) {
        await mkdir(join(folder, name, 'onnx'), { recursive: true });
        await writeFile(join(folder, name, 'onnx', 'embed.onnx'), 'half');
      }
      const told = await writeOutput(join(folder, 'model'), once, async (partial, leftovers) => {
        await fill(partial);
        return leftovers;
      });
      expect(told).toEqual([{ files: ['onnx/embed.onnx'] }]);
      expect((await readdir(folder)).toSorted()).toEqual(['model', ...running].toSorted());
    });
  });

  it('gets its name back where it is the folder that was to be replaced', async () => {
    await inTemporaryFolder(async (folder) => {
      const replaced = join(folder, leftBy('replaced', ended()));
      await mkdir(replaced);
      await writeFile(join(replaced, 'mar.json'), 'old');
      await expect(writeOutput(join(folder, 'model'), once, fill)).rejects.toThrow(OutputExistsError);
      expect(await readFile(join(folder, 'model', 'mar.json'), 'utf8')).toBe('old');
      expect(await readdir(folder)).toEqual(['model']);
    });
  });
});

it('says where the disk is full, and leaves nothing', async () => {
  await inTemporaryFolder(async (folder) => {
    const full = async (partial: string): Promise<void> => {
      await fill(partial);
      throw Object.assign(new Error('write'), { code: 'ENOSPC' });
    };
    await expect(writeOutput(join(folder, 'model'), once, full)).rejects.toMatchObject({
      code: 'output-folder',
      message: expect.stringContaining('no space is left'),
    });
    expect(await readdir(folder)).toEqual([]);
  });
});
