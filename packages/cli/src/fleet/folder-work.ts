import { join } from 'node:path';
import type { ModelInUse } from '@tessera/evaluation-report/environment';
import { readPng, writeJson, writePng } from '@tessera/evaluation-report/files';
import {
  jobId,
  jobPicture,
  ShardError,
  ShardFolder,
  type ShardManifest,
  type ShardWork,
  shardPictures,
} from '@tessera/fleet';
import { buildSampling, gridSizeOf, type Recipe, recipeFor } from '@tessera/format';
import { pngBytes } from '@tessera/format/png';
import { drawPictures } from '../draw-pictures.js';
import { pictureSheet, sheetScale } from '../picture-sheet.js';
import { usualBatch } from '../usual-batch.js';

/** Pictures on the sheet of a whole job. */
const SHOWN = 100;

/** Shards that are drawn into folders. */
export function folderWork(options: {
  /** The folder of all shards of a job. */
  folderOf(job: { readonly name: string }): string;
  /** The model that a job's recipe names. */
  modelOf(recipe: Omit<Recipe, 'images'>): Promise<ModelInUse>;
  /** Pictures at once. */
  readonly batch: number | undefined;
}): ShardWork {
  const { folderOf, modelOf, batch } = options;
  return {
    async draw(job, index, { signal, onProgress }) {
      const id = await jobId(job);
      const folder = new ShardFolder(folderOf(job));
      const there = await folder.read(index, id);
      if (there) return { pictures: there.pictures.length, wasThere: true };
      const { model, made } = await modelOf(job.recipe);
      const pictures = shardPictures(job, index, model.manifest);
      const recipe: Recipe = { ...job.recipe, made, images: [] };
      const drawn = drawPictures({
        ...{ model, seed: recipe.seed, pictures, signal },
        sampling: buildSampling(recipe.sampling),
        ...(recipe.size ? { gridSize: gridSizeOf(model.manifest, recipe.size) } : {}),
        batch: batch ?? usualBatch(model),
        onProgress: (done) => onProgress(done / pictures.length),
      });
      async function* files() {
        for await (const { picture, image } of drawn) {
          const bytes = pngBytes(image, recipeFor(recipe, picture));
          yield { index: picture.index, file: picture.file, bytes };
        }
      }
      await folder.write({ job: id, index, of: job.of }, files());
      return { pictures: pictures.length, wasThere: false };
    },

    async finish(job, { signal }) {
      const id = await jobId(job);
      const place = folderOf(job);
      const folder = new ShardFolder(place);
      const shards = await checked(folder, job.of, id, signal);
      const { model } = await modelOf(job.recipe);
      const all = shards.flatMap(({ index: shard, pictures }) =>
        pictures.map(({ index, file }) => ({ index, path: join(folder.pathOf(shard), file) })),
      );
      const shown = await Promise.all(
        all.slice(0, SHOWN).map(async ({ index, path }) => ({
          picture: jobPicture(job, model.manifest, index),
          image: (await readPng(path)).image,
        })),
      );
      await writePng(join(place, 'sheet.png'), pictureSheet(shown, sheetScale(model)));
      const { recipe, prompts, negativePrompt } = job;
      await writeJson(join(place, 'manifest.json'), {
        ...{ format: 'tessera-job', version: 1, job: id, recipe },
        ...(prompts === undefined ? {} : { prompts }),
        ...(negativePrompt === undefined ? {} : { negativePrompt }),
        shards,
      });
      return { pictures: all.length, shards: shards.length };
    },
  };
}

/** All shards, each file compared with its hash. @throws ShardError that says which are missing, or what is wrong with one */
async function checked(
  folder: ShardFolder,
  of: number,
  id: string,
  signal: AbortSignal,
): Promise<ShardManifest[]> {
  const shards: ShardManifest[] = [];
  const missing: number[] = [];
  for (let index = 0; index < of; index++) {
    signal.throwIfAborted();
    const manifest = await folder.read(index, id);
    if (!manifest) missing.push(index);
    else {
      await folder.verify(manifest);
      shards.push(manifest);
    }
  }
  if (missing.length > 0) {
    const some = missing.slice(0, 10).join(', ');
    throw new ShardError(
      `${missing.length} of ${of} shards are missing: ${some}${missing.length > 10 ? ', …' : ''}.`,
    );
  }
  await folder.clean();
  return shards;
}
