import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../evaluation-report/src/testing/temporary-folder.js';
import { assertOutput, type OutputKind } from './output-path.js';
import { run } from './run.js';
import { capturedIo } from './testing/captured-io.js';

/** Every command that writes, with what it needs besides `--out`. */
const WRITERS: readonly (readonly [string, readonly string[], OutputKind])[] = [
  ['generate', [], 'folder or picture'],
  ['compare', [], 'folder'],
  ['evaluate', [], 'folder'],
  ['demo', [], 'picture'],
  ['convert', ['a.safetensors', '--preset', 'mar-base'], 'folder'],
];

describe.each(WRITERS)('tessera %s', (command, rest, kind) => {
  /** Fails where it tries to load a model: nothing may happen before. */
  const refused = async (out: string) => {
    const io = capturedIo();
    const loadModel = () => Promise.reject(new Error('a model was loaded'));
    const code = await run([command, ...rest, '--out', out], io, { loadModel });
    expect([io.written.out, io.written.error.split('\n')[0]]).toEqual([
      '',
      expect.stringMatching(/^error: .+\.$/),
    ]);
    return { code, error: io.written.error };
  };

  test.each(['', '  '])('refuses the empty path %j by a sentence', async (out) => {
    expect(await refused(out)).toEqual({
      code: 2,
      error: expect.stringContaining('--out is empty. Give it'),
    });
  });

  test.each(['x.jpg', 'a/b.jpeg', 'x.webp', 'report.json'])(
    'refuses %s, and says what it writes',
    async (name) => {
      const { code, error } = await refused(join(await temporaryFolder(), name));
      expect([code, error]).toEqual([
        2,
        expect.stringMatching(/does not fit: this command writes a (folder|PNG file)/),
      ]);
    },
  );

  test('refuses a place that something else takes, or that lies in a file', async () => {
    const folder = await temporaryFolder();
    const [file, png] = [join(folder, 'file'), join(folder, 'picture.png')];
    await writeFile(file, '');
    await mkdir(png);
    const taken = kind === 'picture' ? png : file;
    const inside = join(file, kind === 'picture' ? 'x.png' : 'x');
    for (const out of [taken, inside]) {
      const { code, error } = await refused(out);
      expect([code, error]).toEqual([
        1,
        expect.stringMatching(/ is a (file, not a folder|folder, not a PNG file)\. Name/),
      ]);
    }
    expect((await readdir(folder)).sort()).toEqual(['file', 'picture.png']);
  });

  test.each(['/proc/x', '/proc/a/b', '/sys/x', '/dev/null/x', `/tmp/${'y'.repeat(300)}/x`])(
    'refuses %s at once, where nothing can be written',
    async (place) => {
      const { code, error } = await refused(kind === 'picture' ? `${place}.png` : place);
      expect([code, error]).toEqual([1, expect.stringMatching(/Name another place by --out\.\n$/)]);
    },
  );
});

test('a free place is left as it is: the check leaves nothing', async () => {
  const folder = await temporaryFolder();
  for (const out of ['new', 'a/b/c', 'v1.5', '.']) assertOutput(join(folder, out), 'folder');
  for (const out of ['x.png', 'a/x.PNG']) assertOutput(join(folder, out), 'picture');
  expect(await readdir(folder)).toEqual([]);
});
