import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EditOptions, edit, editImage } from './edit-image.js';
import type { GenerateEvent } from './generation.js';
import type { ImageMask, ImageRgb } from './image.js';
import type { ClassInput } from './model.js';
import { keyedNoise } from './noise/keyed.js';
import { randomOrder } from './policies/random-order.js';
import { resizeImage } from './resize.js';
import { fakeModel } from './testing/fake-model.js';

/** 4×6 tokens of 4 pixels: pictures of 24×16. */
const model = fakeModel({ shape: { height: 4, width: 6, channels: 3 }, tokenSize: 4 });
const policy = randomOrder({ steps: 3, diffusionSteps: 2 });

function picture(width: number, height: number, seed = 1): ImageRgb {
  const noise = keyedNoise({ seed });
  return {
    width,
    height,
    data: Uint8Array.from({ length: width * height * 3 }, () => noise.uniform() * 256),
  };
}

/** White in the pixels (x, y) that are named. */
function maskOf(width: number, height: number, isWhite: (x: number, y: number) => boolean): ImageMask {
  const data = Uint8Array.from({ length: width * height }, (_, i) =>
    isWhite(i % width, Math.floor(i / width)) ? 255 : 0,
  );
  return { width, height, data };
}

const base = { model, policy, seed: 1, input: { classLabel: 2 } };
const editOne = async (options: Partial<EditOptions<ClassInput>> & { image: ImageRgb }) =>
  (await editImage({ ...base, ...options }))[0]!;

/** The tokens that were drawn, as rows of text. */
function drawnTokens({ grid, steps }: Awaited<ReturnType<typeof editOne>>): string[] {
  const drawn = new Set(steps.flatMap(({ plan }) => [...plan.positions]));
  const { height, width } = grid.shape;
  return Array.from({ length: height }, (_, row) =>
    Array.from({ length: width }, (_, column) => (drawn.has(row * width + column) ? '#' : '.')).join(''),
  );
}

describe('editImage', () => {
  it('draws the tokens that a white pixel touches, and keeps all other pixels byte for byte', async () => {
    const image = picture(24, 16);
    const edited = await editOne({ image, mask: maskOf(24, 16, (x, y) => x >= 3 && x < 5 && y === 5) });
    expect(drawnTokens(edited)).toEqual(['......', '##....', '......', '......']);
    expect([edited.image.width, edited.image.height]).toEqual([24, 16]);
    for (const [i, value] of edited.image.data.entries()) {
      const [x, y] = [Math.floor(i / 3) % 24, Math.floor(i / 72)];
      const isDrawn = x < 8 && y >= 4 && y < 8;
      expect(edited.mask.data[y * 24 + x]).toBe(isDrawn ? 255 : 0);
      if (!isDrawn) expect(value).toBe(image.data[i]);
    }
    expect(edited.image.data).not.toEqual(image.data);
  });

  it('keeps every pixel outside the mask that it returns, whatever the sizes', async () => {
    const side = fc.integer({ min: 1, max: 40 });
    const margin = fc.integer({ min: 0, max: 9 });
    await fc.assert(
      fc.asyncProperty(
        side,
        side,
        fc.record({ top: margin, right: margin, bottom: margin, left: margin }),
        fc.nat(),
        fc.boolean(),
        async (width, height, outpaint, seed, exactMask) => {
          const image = picture(width, height, seed);
          const white = (x: number, y: number) => (x * 7 + y * 3 + seed) % 5 === 0 || x + y === 0;
          const mask = maskOf(width, height, white);
          const edited = await editOne({ image, mask, outpaint, exactMask });
          const { left, top } = outpaint;
          expect(edited.image.width).toBe(left + width + outpaint.right);
          expect(edited.image.height).toBe(top + height + outpaint.bottom);
          for (let y = 0; y < edited.image.height; y++) {
            for (let x = 0; x < edited.image.width; x++) {
              const inside = x >= left && x < left + width && y >= top && y < top + height;
              const isWhite = !inside || white(x - left, y - top);
              const repainted = edited.mask.data[y * edited.image.width + x] === 255;
              if (isWhite || exactMask) expect(repainted).toBe(isWhite);
              if (repainted) continue;
              const from = ((y - top) * width + x - left) * 3;
              const to = (y * edited.image.width + x) * 3;
              expect([...edited.image.data.subarray(to, to + 3)]).toEqual([
                ...image.data.subarray(from, from + 3),
              ]);
            }
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('draws rings of neighbours as well if asked', async () => {
    const mask = maskOf(24, 16, (x, y) => x === 9 && y === 1);
    const grown = await editOne({ image: picture(24, 16), mask, growTokens: 1 });
    expect(drawnTokens(grown)).toEqual(['.###..', '.###..', '......', '......']);
  });

  it('repaints white pixels alone if the mask is exact', async () => {
    const image = picture(24, 16);
    const mask = maskOf(24, 16, (x, y) => x === 9 && y === 1);
    const edited = await editOne({ image, mask, exactMask: true });
    const changed = [...edited.image.data.keys()].filter((i) => edited.image.data[i] !== image.data[i]);
    expect(new Set(changed.map((i) => Math.floor(i / 3)))).toEqual(new Set([24 + 9]));
    expect(drawnTokens(edited)).toEqual(['..#...', '......', '......', '......']);
  });

  it('takes a mask of a pixel a token, and masks of three channels', async () => {
    const tokens = maskOf(6, 4, (x, y) => x === 5 && y > 1);
    const rows = ['......', '......', '.....#', '.....#'];
    expect(drawnTokens(await editOne({ image: picture(24, 16), mask: tokens }))).toEqual(rows);
    const data = Uint8Array.from({ length: 72 }, (_, i) => tokens.data[Math.floor(i / 3)]!);
    expect(drawnTokens(await editOne({ image: picture(24, 16), mask: { ...tokens, data } }))).toEqual(rows);
  });

  it('scales a picture as a whole into the middle of the model’s, and draws what lies outside', async () => {
    // 16×16 pixels for 24×16: a column of tokens stays over on both sides.
    const mask = maskOf(8, 8, (x, y) => x === 0 && y === 0);
    const edited = await editOne({ image: picture(8, 8), mask });
    expect(drawnTokens(edited)).toEqual(['##...#', '#....#', '#....#', '#....#']);
    const plain = { width: 48, height: 32, data: new Uint8Array(48 * 32 * 3).fill(100) };
    const half = await editOne({ image: plain, mask: maskOf(6, 4, (x) => x === 5) });
    expect(drawnTokens(half)).toEqual(['.....#', '.....#', '.....#', '.....#']);
    const drawn = (await model.decode([half.grid]))[0]!;
    const expected = resizeImage(drawn, 48, 32).data.subarray(47 * 3, 48 * 3);
    expect(half.image.data.subarray(47 * 3, 48 * 3)).toEqual(expected);
  });

  it('paints around a picture', async () => {
    const image = picture(16, 16);
    const edited = await editOne({ image, outpaint: { right: 8 } });
    expect(drawnTokens(edited)).toEqual(['....##', '....##', '....##', '....##']);
    expect([edited.image.width, edited.image.height]).toEqual([24, 16]);
  });

  it('makes as many variations as asked for, each the same alone', async () => {
    const image = picture(24, 16);
    const mask = maskOf(24, 16, (x) => x < 8);
    const three = await editImage({ ...base, image, mask, variations: 3 });
    expect(three).toHaveLength(3);
    expect(new Set(three.map(({ image }) => image.data.join())).size).toBe(3);
    const last = await editOne({ image, mask, imageIndex: 2 });
    expect(last.image).toEqual(three[2]!.image);
  });

  it('starts from the tokens of the picture: those that it is given, else those that the model encodes', async () => {
    const [grid] = await model.encode!([picture(24, 16, 5)]);
    const image = picture(24, 16);
    const mask = maskOf(24, 16, (x) => x < 4);
    const own = fakeModel({ shape: model.shape, tokenSize: 4 });
    const given = await editOne({ model: own, image, mask, grid: grid! });
    expect(own.calls.encode).toBe(0);
    expect(given.grid.tokens.subarray(3, 18)).toEqual(grid!.tokens.subarray(3, 18));
    await editOne({ model: own, image, mask });
    expect(own.calls.encode).toBe(1);
    await editOne({ model: own, image, mask: maskOf(24, 16, () => true) });
    expect(own.calls.encode).toBe(1);
  });

  it('gives events with edited pictures and previews, and progress on the masked tokens alone', async () => {
    const image = picture(24, 16);
    const mask = maskOf(24, 16, (x) => x < 8);
    const events: GenerateEvent[] = [];
    for await (const event of edit({ ...base, image, mask })) {
      events.push(event);
      expect(event.progress.tokens).toBe(8);
      const shown =
        event.type === 'image' ? event.image : event.type === 'step-end' && (await event.preview(0));
      if (shown) expect(shown.data.subarray(24, 72)).toEqual(image.data.subarray(24, 72));
    }
    expect(events.map(({ type }) => type)).toEqual([
      ...Array(3).fill(['step-start', 'step-end']).flat(),
      'image',
    ]);
    const progress: number[] = [];
    await editImage({ ...base, image, mask, onProgress: (now) => progress.push(now.tokensDecoded) });
    expect(progress.at(-1)).toBe(8);
  });

  it('stops with the reason of its signal', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const mask = maskOf(24, 16, () => true);
    await expect(editOne({ image: picture(24, 16), mask, signal })).rejects.toThrow('enough');
  });

  const black = maskOf(24, 16, () => false);
  const { encode: _, ...withoutEncoder } = model;
  const { imageSize: __, ...withoutSize } = model;
  it.each<[string, Partial<EditOptions<ClassInput>>, object]>([
    ['a mask that is black', { mask: black }, { option: 'mask', message: expect.stringContaining('white') }],
    ['no mask and no margin', {}, { option: 'mask', message: expect.stringContaining('outpaint') }],
    [
      'a mask of another ratio',
      { mask: maskOf(10, 10, () => true) },
      { option: 'mask', message: expect.stringContaining('24×16') },
    ],
    [
      'a mask of the wrong length',
      { mask: { ...black, data: black.data.slice(1) } },
      { code: 'shape-mismatch' },
    ],
    [
      'a picture of the wrong length',
      { image: { width: 2, height: 2, data: new Uint8Array(11) } },
      { code: 'shape-mismatch' },
    ],
    ['a negative margin', { outpaint: { left: -1 } }, { option: 'outpaint.left' }],
    ['half a ring', { mask: black, growTokens: 0.5 }, { option: 'growTokens' }],
    ['no variation', { mask: black, variations: 0 }, { option: 'variations' }],
    [
      'tokens of a picture of another size',
      {
        image: picture(12, 8),
        mask: maskOf(12, 8, (x) => x < 3),
        grid: { shape: model.shape, tokens: new Float32Array(72), known: new Uint8Array(24) },
      },
      { option: 'grid' },
    ],
    [
      'a model without an encoder',
      { model: withoutEncoder, mask: maskOf(24, 16, (x) => x < 3) },
      { code: 'missing-component', message: expect.stringContaining('encoder') },
    ],
    [
      'a model without a size',
      { model: withoutSize, mask: black },
      { code: 'missing-component', message: expect.stringContaining('imageSize') },
    ],
  ])('refuses %s', async (_, options, error) => {
    await expect(editOne({ image: picture(24, 16), ...options })).rejects.toMatchObject(error);
  });
});
