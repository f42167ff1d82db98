import { createHash } from 'node:crypto';
import { type EditedImage, editImage, type ImageRgb } from '@tessera/core';
import type { Margins, Progress } from '@tessera/core/model';
import type { ModelInUse } from '@tessera/evaluation-report/environment';
import { buildSampling, type EditSubject, editRecipeOf, inputOf, type SamplingConfig } from '@tessera/format';
import { readPngBytes } from '@tessera/format/png';
import { readBytes } from './input-file.js';

/** A picture from a file, and how a recipe names it. */
export interface InputPicture {
  readonly image: ImageRgb;
  readonly source: { readonly file: string; readonly sha256: string };
}

/** @throws UsageError if it can't be read; PngError if it is no PNG */
export async function readInput(file: string): Promise<InputPicture> {
  const bytes = await readBytes(file);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { image: readPngBytes(bytes, file).image, source: { file, sha256 } };
}

export interface EditRequest {
  readonly used: ModelInUse;
  readonly picture: InputPicture;
  readonly mask?: InputPicture;
  readonly outpaint?: Margins;
  readonly growTokens: number;
  readonly exactMask: boolean;
  readonly subject: EditSubject;
  readonly seed: number;
  readonly sampling: SamplingConfig;
}

/** What an edited picture was made from: its recipe, as plain data. */
export function editRecipe({ used, picture, mask, subject, ...rest }: EditRequest) {
  return editRecipeOf({
    model: used.identity,
    made: used.made,
    picture: picture.source,
    ...(mask ? { mask: mask.source } : {}),
    ...rest,
    ...subject,
  });
}

/** Makes variations of an edit, `batch` at once, and hands out each as soon as its batch is finished. */
export async function* drawEdits(
  request: EditRequest,
  options: {
    readonly count: number;
    readonly batch: number;
    readonly signal: AbortSignal;
    /** @param done variations, with parts of variations */
    readonly onProgress: (done: number) => void;
  },
): AsyncGenerator<EditedImage, void, undefined> {
  const { used, picture, mask, outpaint, growTokens, exactMask, subject, seed, sampling } = request;
  const { count, batch, signal, onProgress } = options;
  for (let first = 0; first < count; first += batch) {
    const variations = Math.min(batch, count - first);
    yield* await editImage({
      model: used.model,
      image: picture.image,
      ...(mask ? { mask: mask.image } : {}),
      ...(outpaint ? { outpaint } : {}),
      growTokens,
      exactMask,
      input: inputOf(subject),
      seed,
      imageIndex: first,
      variations,
      ...buildSampling(sampling),
      signal,
      onProgress: ({ tokensDecoded, tokens }: Progress) =>
        onProgress(first + (variations * tokensDecoded) / tokens),
    });
  }
}
