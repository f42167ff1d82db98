import type { ModelInUse } from '@tessera/evaluation-report/environment';
import {
  jobId,
  jobPicture,
  ShardError,
  type ShardManifest,
  type ShardStore,
  type ShardWork,
  shardPictures,
  verifyShard,
} from '@tessera/fleet';
import { buildSampling, gridSizeOf, type Recipe, recipeFor, usualBatch } from '@tessera/format';
import { pngBytes, readPngBytes } from '@tessera/format/png';
import { drawPictures } from '../draw-pictures.js';
import { pictureSheet, sheetScale } from '../picture-sheet.js';
import { shardStoreAt } from './shard-store-at.js';

/** Pictures on the sheet of a whole job. */
const SHOWN = 100;

/** Shards that are drawn into stores. */
export function storeWork(options: {
  /** The place of all shards of a job: a folder, or `s3://bucket/prefix`. */
  placeOf(job: { readonly name: string }): string;
  /** The model that a job's recipe names. */
  modelOf(recipe: Omit<Recipe, 'images'>): Promise<ModelInUse>;
  /** Pictures at once. */
  readonly batch: number | undefined;
}): ShardWork {
  const { placeOf, modelOf, batch } = options;
  let last: { readonly place: string; readonly store: Promise<ShardStore> } | undefined;
  const storeOf = (job: { readonly name: string }): Promise<ShardStore> => {
    const place = placeOf(job);
    if (last?.place !== place) last = { place, store: shardStoreAt(place) };
    const { store } = last;
    store.catch(() => {
      // The next try begins anew.
      if (last?.store === store) last = undefined;
    });
    return store;
  };
  return {
    async draw(job, index, { signal, onProgress }) {
      const id = await jobId(job);
      const store = await storeOf(job);
      const there = await store.read(index, id);
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
      await store.write({ job: id, index, of: job.of }, files());
      return { pictures: pictures.length, wasThere: false };
    },

    async finish(job, { signal }) {
      const id = await jobId(job);
      const store = await storeOf(job);
      const shards = await checked(store, job.of, id, signal);
      const { model } = await modelOf(job.recipe);
      const all = shards.flatMap((shard) => shard.pictures.map((picture) => ({ shard, ...picture })));
      const shown = await Promise.all(
        all.slice(0, SHOWN).map(async ({ shard, index, file }) => ({
          picture: jobPicture(job, model.manifest, index),
          image: readPngBytes(await store.readPicture(shard, file), file).image,
        })),
      );
      const { recipe, prompts, negativePrompt } = job;
      const manifest = {
        ...{ format: 'tessera-job', version: 1, job: id, recipe },
        ...(prompts === undefined ? {} : { prompts }),
        ...(negativePrompt === undefined ? {} : { negativePrompt }),
        shards,
      };
      await store.writeWhole({
        'sheet.png': pngBytes(pictureSheet(shown, sheetScale(model))),
        'manifest.json': new TextEncoder().encode(`${JSON.stringify(manifest, undefined, 2)}\n`),
      });
      return { pictures: all.length, shards: shards.length };
    },
  };
}

/** All shards, each file compared with its hash. @throws ShardError that says which are missing, or what is wrong with one */
async function checked(
  store: ShardStore,
  of: number,
  id: string,
  signal: AbortSignal,
): Promise<ShardManifest[]> {
  const shards: ShardManifest[] = [];
  const missing: number[] = [];
  for (let index = 0; index < of; index++) {
    signal.throwIfAborted();
    const manifest = await store.read(index, id);
    if (!manifest) missing.push(index);
    else {
      await verifyShard(store, manifest);
      shards.push(manifest);
    }
  }
  if (missing.length > 0) {
    const some = missing.slice(0, 10).join(', ');
    throw new ShardError(
      `${missing.length} of ${of} shards are missing: ${some}${missing.length > 10 ? ', …' : ''}.`,
    );
  }
  await store.clean();
  return shards;
}
