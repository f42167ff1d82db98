import { existsSync } from 'node:fs';
import { mkdir, rm, rmdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { ImageRgb } from '@tessera/core';
import type { ModelInUse } from '@tessera/evaluation-report/environment';
import { readPng, takeLock, writeJson, writePng } from '@tessera/evaluation-report/files';
import { buildSampling, gridSizeOf, type Picture, type Recipe, recipeFor } from '@tessera/format';
import { assertRecipeFits } from './assert-recipe-fits.js';
import type { Output } from './command-context.js';
import { drawPictures } from './draw-pictures.js';
import { InterruptedError } from './interruption.js';
import { type OpenedTarget, openTarget, type Target } from './picture-folder.js';
import { pictureSheet } from './picture-sheet.js';
import { previewSheet } from './preview-sheet.js';
import { shellWord } from './shell-word.js';

export interface MakeOptions {
  readonly used: ModelInUse;
  readonly recipe: Recipe;
  readonly target: Target;
  readonly batch: number;
  readonly scale: number;
  readonly sheet: boolean;
  readonly preview: boolean;
  readonly overwrite: boolean;
  readonly signal: AbortSignal;
  readonly output: Output;
}

/** What a call has done. */
export interface Made {
  readonly made: number;
  /** Indices of pictures that were there already. */
  readonly kept: OpenedTarget['finished'];
  readonly seconds: number;
}

/** Steps that a preview shows. */
const PREVIEW_FRAMES = 16;

/**
 * Makes the pictures of a recipe that are not there yet, each written as soon as it is finished.
 *
 * @throws InterruptedError that says what is finished and how to go on, where the signal is aborted
 * @throws RecipeError where the place holds something else
 * @throws LockedError where another process draws there: neither would know of the other's recipe
 * @throws InvalidOptionError where the sampling can't be carried out, before anything is written
 */
export async function makePictures(options: MakeOptions): Promise<Made> {
  const { used, recipe, target } = options;
  assertRecipeFits(recipe, used.model);
  const folder = dirname(target.recipePath);
  const topmost = await mkdir(folder, { recursive: true });
  try {
    const release = await takeLock(`${target.recipePath}.lock`, `${target.place} is being drawn into`);
    try {
      return await makeMissing(options);
    } finally {
      await release();
    }
  } finally {
    // Where nothing came of it, the folders made for it go as well.
    for (let path = folder; topmost && resolve(path).startsWith(topmost); path = dirname(path)) {
      await rmdir(path).catch(() => undefined);
    }
  }
}

async function makeMissing(options: MakeOptions): Promise<Made> {
  const { used, recipe, target, batch, scale, preview, signal, output } = options;
  const opened = await openTarget(target, recipe, options);
  await writeJson(target.recipePath, opened.recipe);
  if (opened.otherwiseMade.length > 0) {
    output.warn(`Note: what is there was made with another set-up (${opened.otherwiseMade.join(', ')}).`);
  }
  const { images: pictures, seed } = recipe;
  const pending = pictures.filter(({ index }) => !opened.finished.has(index));
  const kept = pictures.length - pending.length;
  const began = performance.now();
  let made = 0;
  try {
    const drawn = drawPictures({
      model: used.model,
      sampling: buildSampling(recipe.sampling),
      ...(recipe.size ? { gridSize: gridSizeOf(used.model.manifest, recipe.size) } : {}),
      seed,
      pictures: pending,
      batch,
      signal,
      frames: preview ? PREVIEW_FRAMES : 0,
      onProgress: (done, phase) =>
        output.progress.update(
          done / pending.length,
          `${Math.floor(done) + kept}/${pictures.length} pictures${phase === 'decoding' ? ', decoding' : ''}`,
        ),
    });
    for await (const { picture, image, frames } of drawn) {
      if (preview) await writePng(target.previewPathOf(picture), previewSheet(frames, scale));
      await writePng(target.pathOf(picture), image, recipeFor(recipe, picture));
      made++;
    }
    if (options.sheet) await writeSheet(recipe, target, scale);
  } catch (error) {
    if (!signal.aborted) {
      // A recipe without a picture of it would only be in the way.
      const isDrawn = opened.recipe.images.some((picture) => existsSync(target.pathOf(picture)));
      if (!isDrawn) await rm(target.recipePath, { force: true });
      throw error;
    }
    throw new InterruptedError(
      `Stopped. ${kept + made} of ${pictures.length} pictures are finished in ${target.place}. ` +
        `Go on with the same command${options.overwrite ? ' without --overwrite, which would start over' : ''}, or:\n  tessera generate --recipe ${shellWord(target.recipePath)}`,
    );
  } finally {
    output.progress.clear();
  }
  return { made, kept: opened.finished, seconds: (performance.now() - began) / 1000 };
}

async function writeSheet(recipe: Recipe, target: Target, scale: number): Promise<void> {
  const pictures: { picture: Picture; image: ImageRgb }[] = [];
  // One after the other: there may be more of them than a process can have files open.
  for (const picture of recipe.images)
    pictures.push({ picture, image: (await readPng(target.pathOf(picture))).image });
  await writePng(target.sheetPath, pictureSheet(pictures, scale));
}
