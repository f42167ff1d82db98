import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readPng, writePng } from '@tessera/evaluation-report/files';
import { describe, expect, test } from 'vitest';
import { fakeLoadedModel } from '../../../evaluation-report/src/testing/fake-loaded-model.js';
import { temporaryFolder } from '../../../evaluation-report/src/testing/temporary-folder.js';
import { run } from '../run.js';
import { capturedIo } from '../testing/captured-io.js';

async function tessera(...args: readonly string[]) {
  const io = capturedIo();
  const code = await run(['edit', ...args], io, { loadModel: async () => fakeLoadedModel() });
  return { code, ...io.written };
}

const quick = ['--class', 'cat', '--policy', 'mar:3x2'];

/** A folder with a picture of 40 × 20 pixels and a mask of half its size, white in a square. */
async function inputs() {
  const folder = await temporaryFolder();
  const [photo, mask] = [join(folder, 'photo.png'), join(folder, 'mask.png')];
  const image = { width: 40, height: 20, data: Uint8Array.from({ length: 2400 }, (_, i) => (i * 31) % 256) };
  const isWhite = (pixel: number): boolean =>
    pixel % 20 >= 8 && pixel % 20 < 12 && pixel >= 60 && pixel < 120;
  const data = Uint8Array.from({ length: 600 }, (_, i) => (isWhite(Math.floor(i / 3)) ? 255 : 0));
  await writePng(photo, image);
  await writePng(mask, { width: 20, height: 10, data });
  return { folder, photo, mask, image, isWhite };
}

/** Indices of the pixels that differ. */
const changed = (a: Uint8Array, b: Uint8Array): number[] => [
  ...new Set([...a.keys()].filter((i) => a[i] !== b[i]).map((i) => Math.floor(i / 3))),
];

describe('tessera edit', () => {
  test('repaints what the mask says, keeps the bytes of all else, and puts a recipe beside and inside', async () => {
    const { folder, photo, mask, image, isWhite } = await inputs();
    const out = join(folder, 'out.png');
    const {
      code,
      out: text,
      error,
    } = await tessera(photo, '--mask', mask, ...quick, '--exact', '--out', out);
    expect([code, error]).toEqual([0, '']);
    expect(text).toContain('48 of 800 pixels; all others are unchanged');
    const edited = await readPng(out);
    expect([edited.image.width, edited.image.height]).toEqual([40, 20]);
    const pixels = changed(edited.image.data, image.data);
    expect(pixels.length).toBeGreaterThan(24);
    const inMask = (pixel: number) => isWhite(Math.floor(pixel / 80) * 20 + Math.floor((pixel % 40) / 2));
    expect(pixels.filter((pixel) => !inMask(pixel))).toEqual([]);
    const recipe = JSON.parse(await readFile(join(folder, 'out.recipe.json'), 'utf8'));
    expect(recipe).toMatchObject({
      ...{ format: 'tessera-edit', seed: 1, className: 'cat', growTokens: 0, exactMask: true },
      picture: { file: photo, sha256: expect.stringMatching(/^[\da-f]{64}$/) },
      mask: { file: mask },
      images: ['out.png'],
    });
    expect(JSON.parse(edited.recipe!)).toMatchObject({ format: 'tessera-edit', imageIndex: 0 });
  });

  test('repaints whole tokens, and more of them with --grow', async () => {
    const { folder, photo, mask } = await inputs();
    const repainted = async (...more: readonly string[]) => {
      const out = join(folder, `${more.join('')}.png`);
      const { out: text } = await tessera(photo, '--mask', mask, ...quick, '--out', out, '--json', ...more);
      return JSON.parse(text).repaintedPixels as number;
    };
    const [exact, tokens, grown] = [
      await repainted('--exact'),
      await repainted(),
      await repainted('--grow', '1'),
    ];
    expect(exact).toBe(48);
    expect(tokens).toBeGreaterThan(exact);
    expect(grown).toBeGreaterThan(tokens);
  });

  test('makes variations that differ, the same in any batch, and does not replace them unasked', async () => {
    const { folder, photo, mask } = await inputs();
    const draw = (out: string, ...more: readonly string[]) =>
      tessera(photo, '--mask', mask, ...quick, '--count', '3', '--out', join(folder, out), ...more);
    await draw('one');
    await draw('three', '--batch', '3');
    const names = ['00000.png', '00001.png', '00002.png'];
    expect((await readdir(join(folder, 'one'))).sort()).toEqual([...names, 'recipe.json']);
    const read = async (out: string) =>
      Promise.all(names.map(async (name) => (await readPng(join(folder, out, name))).image.data));
    const [one, three] = [await read('one'), await read('three')];
    expect(one).toEqual(three);
    expect(changed(one[0]!, one[1]!)).not.toEqual([]);
    const again = await draw('one');
    expect([again.code, again.error]).toEqual([1, expect.stringContaining('00000.png exists already')]);
    expect((await draw('one', '--overwrite')).code).toBe(0);
  });

  test('paints around a picture, which stays as it was', async () => {
    const { folder, photo, image } = await inputs();
    const out = join(folder, 'wide.png');
    expect((await tessera(photo, '--outpaint', '0,8,4,2', '--exact', ...quick, '--out', out)).code).toBe(0);
    const wide = (await readPng(out)).image;
    expect([wide.width, wide.height]).toEqual([50, 24]);
    for (let y = 0; y < 20; y++) {
      const row = wide.data.subarray((y * 50 + 2) * 3, (y * 50 + 42) * 3);
      expect(row).toEqual(image.data.subarray(y * 120, (y + 1) * 120));
    }
  });

  test('says what is wrong with its pictures and options', async () => {
    const { folder, photo, mask } = await inputs();
    const [jpeg, square, black] = ['a.jpg', 'square.png', 'black.png'].map((name) => join(folder, name));
    await writeFile(jpeg!, Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 0]));
    await writePng(square!, { width: 4, height: 4, data: new Uint8Array(48).fill(255) });
    await writePng(black!, { width: 4, height: 2, data: new Uint8Array(24) });
    const out = ['--out', join(folder, 'x.png')];
    for (const [args, code, words] of [
      [[photo, ...quick], 2, 'Give --mask to repaint'],
      [[photo, '--mask', mask, '--class', 'cat,café'], 2, 'an edit paints one'],
      [[photo, '--mask', mask, '--class', 'dog'], 2, 'no class "dog"'],
      [[photo, '--mask', mask], 2, '--prompt "a red fox", or --class cat'],
      [[photo, '--mask', mask, '--prompt', 'a fox'], 2, 'draws classes: say what to paint by --class'],
      [[photo, '--mask', mask, '--class', 'cat', '--prompt', 'a fox'], 2, 'cannot be used with'],
      [[photo, '--mask', mask, ...quick, '--count', '2'], 2, 'can hold one picture'],
      [[photo, '--outpaint', '1,2', ...quick], 2, 'four: top,right,bottom,left'],
      [[jpeg!, '--mask', mask, ...quick], 1, 'not a PNG picture but a JPEG'],
      [[join(folder, 'none.png'), '--mask', mask, ...quick], 2, 'Check the path'],
      [[photo, '--mask', square!, ...quick], 2, 'ratio of sides'],
      [[photo, '--mask', black!, ...quick], 2, 'must be white'],
    ] as const) {
      const result = await tessera(...args, ...out);
      expect([result.code, result.error]).toEqual([code, expect.stringContaining(words)]);
    }
    expect((await readdir(folder)).filter((name) => name.startsWith('x'))).toEqual([]);
  });
});
