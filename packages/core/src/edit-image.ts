import { type EditFrame, editFrame, type Margins } from './edit-frame.js';
import { assertInteger, assertShape, InvalidOptionError, TesseraError } from './errors.js';
import { finalResults, generate } from './generate.js';
import type {
  GeneratedImage,
  GenerateEvent,
  GenerateOptions,
  GenerateResult,
  ImageRequest,
  OnProgress,
} from './generation.js';
import { emptyGrid, type TokenGrid } from './grid.js';
import type { ImageMask, ImageRgb } from './image.js';

/** What {@link edit} and {@link editImage} take besides the options of `generate`. */
export interface EditOptions<Input>
  extends Omit<GenerateOptions<Input>, 'requests' | 'gridSize'>,
    Omit<ImageRequest<Input>, 'start'> {
  /** The picture, of any size. It is scaled as a whole, without distortion, to fit into the model's picture. */
  readonly image: ImageRgb;
  /**
   * White where the picture is repainted. It may have another size than the picture, but has its ratio of sides: a picture
   * pixel is white if a white pixel of the mask overlaps it. So a mask of one pixel a token works too. @default none
   */
  readonly mask?: ImageMask;
  /** Pixels to add around the picture; they are painted. @default none */
  readonly outpaint?: Margins;
  /**
   * The model draws whole tokens: each one that a white pixel touches. This many rings of neighbours are drawn with
   * them. @default 0
   */
  readonly growTokens?: number;
  /**
   * Whether only white pixels are repainted. If not, all pixels of the drawn tokens are, which leaves no edge within a
   * token. @default false
   */
  readonly exactMask?: boolean;
  /** How many different results to make; they have the indices from `imageIndex` on. @default 1 */
  readonly variations?: number;
  /**
   * The picture's tokens, if they are known: those of a generated picture of the model's size. @default the model encodes
   * the picture
   */
  readonly grid?: TokenGrid;
}

/** A finished edit. Its grid and steps are the model's. */
export interface EditedImage extends GeneratedImage {
  /** [height, width], 255 where a pixel was repainted. All other pixels are the input's, byte for byte. */
  readonly mask: ImageMask;
}

/** What {@link edit} returns. */
export interface EditResult {
  /** One entry a variation. */
  readonly results: readonly EditedImage[];
}

/**
 * Repaints a part of a picture, or paints around it. Everything else keeps its bytes: the result has the size of the
 * picture and its margins, and only the repainted pixels come from the model.
 *
 * Yields the events of `generate`; their pictures and previews are edited ones. Breaking out of the loop stops the edit.
 *
 * @throws InvalidOptionError if an option is out of range, the mask has another ratio of sides, or nothing is white
 * @throws TesseraError `missing-component` if the model has no encoder and the picture comes without its tokens
 * @throws what `generate` throws
 * @example
 * for await (const event of edit({ model, image, mask, seed: 1, input: { classLabel: 3 } })) {
 *   if (event.type === 'image') await writePng('edited.png', event.image);
 * }
 */
export function edit<Input>(
  options: EditOptions<Input>,
): AsyncGenerator<GenerateEvent, EditResult, undefined> {
  return editBy(generate, options);
}

/** {@link edit} by another `generate`. */
export async function* editBy<Input>(
  draw: (options: GenerateOptions<Input>) => AsyncGenerator<GenerateEvent, GenerateResult, undefined>,
  options: EditOptions<Input>,
): AsyncGenerator<GenerateEvent, EditResult, undefined> {
  const { seed, imageIndex = 0, input, variations = 1, ...rest } = options;
  assertInteger('variations', variations, 1);
  const frame = frameOf(options);
  const start = { ...(await tokensOf(options, frame)), known: frame.known };
  const requests = Array.from({ length: variations }, (_, i) => ({
    seed,
    imageIndex: imageIndex + i,
    input,
    start,
  }));
  const results: EditedImage[] = [];
  for await (const event of draw({ ...rest, requests })) {
    if (event.type === 'image') {
      const image = frame.paste(event.image);
      const { grid, steps } = event;
      results[event.batchIndex] = { image, grid, steps, mask: frame.repainted };
      yield { ...event, image };
    } else if (event.type === 'step-end') {
      yield { ...event, preview: async (batchIndex) => frame.paste(await event.preview(batchIndex)) };
    } else yield event;
  }
  return { results };
}

/**
 * {@link edit} for those who want the pictures alone: one entry a variation.
 *
 * ```ts
 * const [edited] = await editImage({ model, image, mask, seed: 1, input: { classLabel: 281 } });
 * ```
 */
export async function editImage<Input>(
  options: EditOptions<Input> & OnProgress,
): Promise<readonly EditedImage[]> {
  return (await finalResults(edit(options), options)).results;
}

function frameOf<Input>(options: EditOptions<Input>): EditFrame {
  const { image, mask, outpaint = {}, growTokens = 0, exactMask = false, model } = options;
  if (!model.imageSize) {
    throw new TesseraError(
      'missing-component',
      'The model has no `imageSize`, so a picture can’t be fitted into it. A model that edits names the size of its pictures.',
    );
  }
  for (const side of ['top', 'right', 'bottom', 'left'] as const)
    assertInteger(`outpaint.${side}`, outpaint[side] ?? 0, 0);
  assertInteger('growTokens', growTokens, 0);
  const { shape, imageSize } = model;
  return editFrame({ image, ...(mask ? { mask } : {}), outpaint, growTokens, exactMask, shape, imageSize });
}

async function tokensOf<Input>(
  { image, grid, model, signal }: EditOptions<Input>,
  { framed, known }: EditFrame,
): Promise<TokenGrid> {
  if (grid) {
    if (framed === image) return grid;
    const size = `${image.width}×${image.height} pixels`;
    throw new InvalidOptionError('grid', size, 'holds for a picture of the model’s size without outpainting');
  }
  if (!known.includes(1)) return emptyGrid(model.shape);
  if (!model.encode) {
    throw new TesseraError(
      'missing-component',
      'The model has no encoder, which turns the picture into tokens. Convert it with its autoencoder, or give the tokens of a generated picture as `grid`.',
    );
  }
  const grids = await model.encode([framed], signal ? { signal } : {});
  assertShape('grids, one a picture', grids, [1]);
  return grids[0]!;
}
