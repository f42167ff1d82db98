import type { ImageMask, ImageRgb, TokenGrid } from '@tessera/core';
import { get, type Readable, writable } from 'svelte/store';
import type { DescribeFailure } from '../model-loading/failure.js';
import type { ModelFacts } from '../model-loading/model-facts.js';
import { PictureRun } from '../run/picture-run.js';
import type { PictureEditOptions } from '../run/record-run.js';
import type { Run } from '../run/step-record.js';
import type { Settings } from '../settings/settings.js';
import { countMarked } from './token-mask.js';

/** A picture to edit, of any size. */
export interface EditedPicture {
  readonly image: ImageRgb;
  /** Its tokens, if the model made it; the model encodes other pictures. */
  readonly grid?: TokenGrid;
}

export interface EditState {
  readonly picture?: EditedPicture;
  /** The extents of the mask: about a cell a token, in the picture's ratio of sides. */
  readonly shape: MaskShape;
  /** [height·width], 1 where the picture is drawn anew. */
  readonly mask: Uint8Array;
  /** Whether the tokens around the marked ones are drawn as well. */
  readonly grow: boolean;
  /** How much is painted around the picture, as a share of each side. */
  readonly outpaint: number;
}

export interface MaskShape {
  readonly height: number;
  readonly width: number;
}

/** How an edit is begun. */
export type BeginEdit = (
  settings: Settings,
  signal: AbortSignal,
  edit: PictureEditOptions,
) => Run | Promise<Run>;

/** The extents of a mask over a picture: the longer side has as many cells as the model's grid. */
export function maskShape(
  { height, width }: Pick<ImageRgb, 'height' | 'width'>,
  { grid, imageSize }: Pick<ModelFacts, 'grid' | 'imageSize'>,
): MaskShape {
  const scale = Math.min(imageSize.width / width, imageSize.height / height);
  const cells = (pixels: number, token: number) => Math.max(1, Math.round((pixels * scale) / token));
  return {
    height: cells(height, imageSize.height / grid.height),
    width: cells(width, imageSize.width / grid.width),
  };
}

/** Rounding errors must not make a pixel touch the next cell. */
const TOUCH = 1e-6;

/**
 * A mask's cells as pixels of the picture. A pixel is white if all cells that it overlaps are marked: one that a marked cell
 * shares with another would have the other's token drawn as well.
 *
 * @param mask [height·width] of `shape`, 1 where a cell is marked
 */
export function pixelMask(
  { height, width }: Pick<ImageRgb, 'height' | 'width'>,
  shape: MaskShape,
  mask: Uint8Array,
): ImageMask {
  const data = new Uint8Array(height * width).fill(255);
  const cells = (at: number, pixels: number, count: number): readonly [number, number] => [
    Math.floor((at * count) / pixels + TOUCH),
    Math.ceil(((at + 1) * count) / pixels - TOUCH),
  ];
  for (let y = 0; y < height; y++) {
    const [top, bottom] = cells(y, height, shape.height);
    for (let x = 0; x < width; x++) {
      const [left, right] = cells(x, width, shape.width);
      for (let row = top; row < bottom; row++) {
        for (let column = left; column < right; column++)
          if (!mask[row * shape.width + column]) data[y * width + x] = 0;
      }
    }
  }
  return { height, width, data };
}

const NOTHING: EditState = {
  shape: { height: 0, width: 0 },
  mask: new Uint8Array(),
  grow: false,
  outpaint: 0,
};

/** A picture of which a part is drawn anew. */
export class PictureEdit {
  readonly #state = writable(NOTHING);
  readonly state: Readable<EditState> = this.#state;
  readonly run: PictureRun;
  readonly #facts: () => ModelFacts;
  /** Whether the user took the picture, which was not just offered. */
  #chosen = false;

  /** @param facts the model's sizes at the moment */
  constructor(describe: DescribeFailure, facts: () => ModelFacts) {
    this.#facts = facts;
    this.run = new PictureRun(describe);
  }

  /** Begins with a picture that the user took, nothing marked. */
  take(picture: EditedPicture): void {
    this.#begin(picture);
    this.#chosen = true;
  }

  /** Begins with a picture that nobody asked for, unless something of the user's would be lost. */
  offer(picture: EditedPicture): void {
    const { mask, outpaint } = get(this.#state);
    const isTouched = countMarked(mask) > 0 || outpaint > 0;
    if (!this.#chosen && !isTouched) this.#begin(picture);
  }

  /** @param mask [height·width] */
  mark(mask: Uint8Array): void {
    this.change({ mask });
  }

  clearMarks(): void {
    this.mark(new Uint8Array(get(this.#state).mask.length));
  }

  change(change: Partial<Pick<EditState, 'mask' | 'grow' | 'outpaint'>>): void {
    this.#state.update((state) => ({ ...state, ...change }));
  }

  /** Forgets the picture. */
  reset(): void {
    this.run.clear();
    this.#chosen = false;
    this.#state.set(NOTHING);
  }

  renew(settings: Settings, begin: BeginEdit): void {
    const { picture, shape, mask, grow, outpaint } = get(this.#state);
    if (!picture) return;
    const { image, grid } = picture;
    const [rows, columns] = [image.height, image.width].map((side) => Math.round(side * outpaint));
    const { imageSize } = this.#facts();
    const fits = outpaint === 0 && image.width === imageSize.width && image.height === imageSize.height;
    const edit: PictureEditOptions = {
      image,
      mask: pixelMask(image, shape, mask),
      outpaint: { top: rows!, bottom: rows!, left: columns!, right: columns! },
      growTokens: grow ? 1 : 0,
      ...(grid && fits ? { grid } : {}),
    };
    void this.run.start(settings, (signal) => begin(settings, signal, edit));
  }

  #begin(picture: EditedPicture): void {
    this.run.clear();
    const shape = maskShape(picture.image, this.#facts());
    this.#state.set({ ...NOTHING, picture, shape, mask: new Uint8Array(shape.height * shape.width) });
  }
}
