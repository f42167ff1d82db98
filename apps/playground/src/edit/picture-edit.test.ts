import { get } from 'svelte/store';
import { describe, expect, it } from 'vitest';
import { EMBEDDED_FACTS } from '../model-loading/model-facts.js';
import { type EditedPicture, maskShape, PictureEdit, pixelMask } from './picture-edit.js';

const picture = (value: number): EditedPicture => ({
  image: { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3).fill(value) },
});

describe('a picture that is offered for an edit', () => {
  it('is shown where there is none, or only one that was offered before', () => {
    const edit = new PictureEdit(
      () => undefined,
      () => EMBEDDED_FACTS.class,
    );
    for (const drawing of [picture(1), picture(2)]) {
      edit.offer(drawing);
      expect(get(edit.state).picture).toBe(drawing);
    }
  });

  it('never replaces one that the user took, though nothing is marked in it', () => {
    const edit = new PictureEdit(
      () => undefined,
      () => EMBEDDED_FACTS.class,
    );
    edit.offer(picture(1));
    const photo = picture(2);
    edit.take(photo);
    edit.offer(picture(3));
    expect(get(edit.state).picture).toBe(photo);
  });

  it('never replaces one that something is marked in', () => {
    const edit = new PictureEdit(
      () => undefined,
      () => EMBEDDED_FACTS.class,
    );
    const drawing = picture(1);
    edit.offer(drawing);
    edit.mark(new Uint8Array(256).fill(1));
    edit.offer(picture(2));
    expect(get(edit.state).picture).toBe(drawing);
  });
});

describe('the mask of a picture', () => {
  it('has about a cell a token, in the picture’s ratio of sides', () => {
    expect(maskShape({ height: 64, width: 64 }, EMBEDDED_FACTS.class)).toEqual({ height: 16, width: 16 });
    expect(maskShape({ height: 700, width: 900 }, EMBEDDED_FACTS.class)).toEqual({ height: 12, width: 16 });
    expect(maskShape({ height: 4000, width: 10 }, EMBEDDED_FACTS.class)).toEqual({ height: 16, width: 1 });
  });

  it('leaves out pixels that a marked cell shares with another', () => {
    const mask = Uint8Array.of(0, 1);
    const { data } = pixelMask({ height: 1, width: 5 }, { height: 1, width: 2 }, mask);
    expect([...data]).toEqual([0, 0, 0, 255, 255]);
    expect([...pixelMask({ height: 1, width: 4 }, { height: 1, width: 2 }, mask).data]).toEqual([
      0, 0, 255, 255,
    ]);
  });
});
