import { assertInteger, assertShape, InvalidOptionError } from './errors.js';
import { type GridShape, gridLength } from './grid.js';
import type { ImageMask, ImageRgb, ImageSize } from './image.js';
import { resizeImage } from './resize.js';

/** Pixels added to each side of a picture. */
export interface Margins {
  /** @default 0 */
  readonly top?: number;
  /** @default 0 */
  readonly right?: number;
  /** @default 0 */
  readonly bottom?: number;
  /** @default 0 */
  readonly left?: number;
}

/** What an edit needs of its picture, its mask and the model's sizes. */
export interface EditFrameOptions {
  readonly image: ImageRgb;
  readonly mask?: ImageMask;
  readonly outpaint: Margins;
  readonly growTokens: number;
  readonly exactMask: boolean;
  readonly shape: GridShape;
  readonly imageSize: ImageSize;
}

/** A picture in the model's frame, and the way back. */
export interface EditFrame {
  /** What the model encodes: the canvas, scaled into the model's picture. Its edge pixels fill what lies outside. */
  readonly framed: ImageRgb;
  /** [L], 1 where a token is kept. */
  readonly known: Uint8Array;
  /** [height, width] of the canvas, 255 where a pixel is repainted. */
  readonly repainted: ImageMask;
  /** The canvas with the repainted pixels of a picture of the model's. All other bytes are the canvas's own. */
  paste(picture: ImageRgb): ImageRgb;
}

/** The cells that a pixel overlaps along one axis. */
interface Span {
  readonly first: number;
  readonly last: number;
  /** The cell of the pixel's centre. */
  readonly centre: number;
}

/**
 * Fits a canvas, the picture and its margins, into the model's picture: scaled as a whole without distortion, as large as
 * fits, in the middle.
 */
export function editFrame(options: EditFrameOptions): EditFrame {
  const { image, shape, imageSize } = options;
  assertShape('image.data [H, W, 3]', image.data, [image.height, image.width, 3]);
  const canvas = extended(image, options.outpaint);
  const white = whitePixels(options, canvas);
  const scale = Math.min(imageSize.width / canvas.width, imageSize.height / canvas.height);
  const width = Math.max(1, Math.round(canvas.width * scale));
  const height = Math.max(1, Math.round(canvas.height * scale));
  const left = Math.floor((imageSize.width - width) / 2);
  const top = Math.floor((imageSize.height - height) / 2);
  const columns = spans(canvas.width, width, left, imageSize.width, imageSize.width / shape.width);
  const rows = spans(canvas.height, height, top, imageSize.height, imageSize.height / shape.height);

  const drawn = drawnTokens(white, columns, rows, shape, options.growTokens);
  const repainted = new Uint8Array(white.length);
  for (const [y, row] of rows.entries()) {
    for (const [x, column] of columns.entries()) {
      const i = y * canvas.width + x;
      const isPasted = options.exactMask ? white[i] : drawn[row.centre * shape.width + column.centre];
      if (isPasted) repainted[i] = 255;
    }
  }
  return {
    framed: extended(resizeImage(canvas, width, height), {
      top,
      left,
      right: imageSize.width - width - left,
      bottom: imageSize.height - height - top,
    }),
    known: drawn.map((isDrawn) => 1 - isDrawn),
    repainted: { width: canvas.width, height: canvas.height, data: repainted },
    paste(picture) {
      const inner = extended(picture, {
        top: -top,
        left: -left,
        right: left + width - imageSize.width,
        bottom: top + height - imageSize.height,
      });
      const drawnCanvas = resizeImage(inner, canvas.width, canvas.height);
      const data = canvas.data.map((value, i) =>
        repainted[Math.floor(i / 3)] ? drawnCanvas.data[i]! : value,
      );
      return { width: canvas.width, height: canvas.height, data };
    },
  };
}

/** [canvas height, width], 1 where the mask is white and in the margins. */
function whitePixels({ image, mask, outpaint }: EditFrameOptions, canvas: ImageSize): Uint8Array {
  const { top = 0, left = 0 } = outpaint;
  const white = new Uint8Array(canvas.width * canvas.height).fill(1);
  const inImage = mask ? whiteInImage(mask, image) : new Uint8Array(image.width * image.height);
  for (let y = 0; y < image.height; y++) {
    const row = inImage.subarray(y * image.width, (y + 1) * image.width);
    white.set(row, (top + y) * canvas.width + left);
  }
  if (!white.includes(1)) {
    throw new InvalidOptionError(
      'mask',
      mask ? 'black' : mask,
      'must be white (128 or more) where the picture is to be repainted, or give `outpaint`',
    );
  }
  return white;
}

/** [image height, width], 1 where a pixel overlaps a white one of the mask, which has the image's ratio of sides. */
function whiteInImage(mask: ImageMask, image: ImageSize): Uint8Array {
  assertInteger('mask.width', mask.width, 1);
  assertInteger('mask.height', mask.height, 1);
  const channels = mask.data.length === mask.width * mask.height ? 1 : 3;
  assertShape('mask.data [H, W] or [H, W, 3]', mask.data, [mask.height, mask.width, channels]);
  const scale = image.width / mask.width;
  if (Math.abs(mask.height * scale - image.height) > Math.max(1, scale)) {
    const expectation = `must have the ratio of sides of the picture, ${image.width}×${image.height} pixels`;
    throw new InvalidOptionError('mask', `${mask.width}×${mask.height} pixels`, expectation);
  }
  const columns = spans(mask.width, image.width, 0, image.width, 1);
  const rows = spans(mask.height, image.height, 0, image.height, 1);
  const white = new Uint8Array(image.width * image.height);
  for (const [y, row] of rows.entries()) {
    for (const [x, column] of columns.entries()) {
      const first = (y * mask.width + x) * channels;
      const sum = mask.data.subarray(first, first + channels).reduce((all, value) => all + value, 0);
      if (sum < 128 * channels) continue;
      for (let r = row.first; r <= row.last; r++) {
        white.fill(1, r * image.width + column.first, r * image.width + column.last + 1);
      }
    }
  }
  return white;
}

/** [L], 1 where a token is drawn: it touches a white pixel, lies outside the canvas, or is a neighbour of a white one. */
function drawnTokens(
  white: Uint8Array,
  columns: readonly Span[],
  rows: readonly Span[],
  shape: GridShape,
  growTokens: number,
): Uint8Array {
  const drawn = new Uint8Array(gridLength(shape));
  const mark = (top: number, bottom: number, left: number, right: number): void => {
    for (let row = Math.max(0, top); row <= Math.min(shape.height - 1, bottom); row++) {
      drawn.fill(1, row * shape.width + Math.max(0, left), row * shape.width + right + 1);
    }
  };
  for (const [y, row] of rows.entries()) {
    for (const [x, column] of columns.entries()) {
      if (!white[y * columns.length + x]) continue;
      const right = Math.min(shape.width - 1, column.last + growTokens);
      mark(row.first - growTokens, row.last + growTokens, column.first - growTokens, right);
    }
  }
  const inside = {
    top: rows[0]!.first,
    bottom: rows.at(-1)!.last,
    left: columns[0]!.first,
    right: columns.at(-1)!.last,
  };
  for (let position = 0; position < drawn.length; position++) {
    const row = Math.floor(position / shape.width);
    const column = position % shape.width;
    if (row < inside.top || row > inside.bottom || column < inside.left || column > inside.right)
      drawn[position] = 1;
  }
  return drawn;
}

/** Rounding errors must not make a pixel touch the next cell. */
const TOUCH = 1e-6;

/**
 * `count` pixels are stretched over `length` and begin at `offset`; cells of `size` cover 0 … `total`. For each pixel the cells it
 * overlaps, and the one its centre lies in.
 */
function spans(count: number, length: number, offset: number, total: number, size: number): Span[] {
  const cell = (at: number): number =>
    Math.max(0, Math.min(Math.ceil(total / size) - 1, Math.floor(at / size)));
  const step = length / count;
  return Array.from({ length: count }, (_, i) => ({
    first: cell(offset + i * step + TOUCH),
    last: cell(offset + (i + 1) * step - TOUCH),
    centre: cell(offset + (i + 0.5) * step),
  }));
}

/** A picture with its edge pixels repeated beyond its sides; negative margins cut. */
function extended(image: ImageRgb, { top = 0, right = 0, bottom = 0, left = 0 }: Margins): ImageRgb {
  if (!top && !right && !bottom && !left) return image;
  const width = left + image.width + right;
  const height = top + image.height + bottom;
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const row = Math.max(0, Math.min(image.height - 1, y - top)) * image.width;
    for (let x = 0; x < width; x++) {
      const from = (row + Math.max(0, Math.min(image.width - 1, x - left))) * 3;
      data.set(image.data.subarray(from, from + 3), (y * width + x) * 3);
    }
  }
  return { width, height, data };
}
