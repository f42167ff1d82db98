import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { OutputExistsError } from './errors.js';
import { writeOutput } from './output-folder.js';
import { inTemporaryFolder } from './testing/golden.js';

const fill = async (partial: string): Promise<void> => {
  await mkdir(partial);
  await writeFile(join(partial, 'new.txt'), 'new');
};

it('replaces a folder only where it is told to, and by a whole one', async () => {
  await inTemporaryFolder(async (folder) => {
    const out = join(folder, 'model');
    await writeOutput(out, false, fill);
    await writeFile(join(out, 'mine.txt'), 'mine');
    await expect(writeOutput(out, false, fill)).rejects.toThrow(OutputExistsError);
    await writeOutput(out, true, fill);
    expect(await readdir(out)).toEqual(['new.txt']);
    expect(await readdir(folder)).toEqual(['model']);
  });
});

it('puts the folder back that it was about to replace where the new one can’t take its place', async () => {
  await inTemporaryFolder(async (folder) => {
    const out = join(folder, 'model');
    await mkdir(out);
    await writeFile(join(out, 'mine.txt'), 'mine');
    // Nothing was written, so there is nothing to move.
    await expect(writeOutput(out, true, async () => {})).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readFile(join(out, 'mine.txt'), 'utf8')).toBe('mine');
    expect(await readdir(folder)).toEqual(['model']);
  });
});
