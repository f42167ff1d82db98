import { manifestHash, pictureAt, type Recipe } from '@tessera/format';
import { saveFile } from '../parts/save-file.js';
import type { PictureState } from '../run/picture-run.js';
import type { MadeOn } from '../run/step-record.js';
import type { Settings } from '../settings/settings.js';
import { recipeOfPicture } from './recipe.js';

/** Saves a finished picture as a PNG file, its recipe inside unless its policy is one of the user's own. */
export async function downloadPicture({ finished, settings }: PictureState): Promise<void> {
  if (!finished?.madeOn || !settings) return;
  const { pngBytes } = await import('@tessera/format/png');
  const { file } = pictureAt(finished.madeOn.manifest.condition, settings.classLabel);
  saveFile(file, 'image/png', pngBytes(finished.image, await recipeMadeOn(settings, finished.madeOn)));
}

/** Saves the recipe of a picture, for `tessera generate --recipe`. */
export async function downloadRecipe({ finished, settings }: PictureState): Promise<void> {
  if (!finished?.madeOn || !settings) return;
  const recipe = await recipeMadeOn(settings, finished.madeOn);
  if (recipe) saveFile('recipe.json', 'application/json', `${JSON.stringify(recipe, null, 2)}\n`);
}

async function recipeMadeOn(
  settings: Settings,
  { manifest, device, dtype }: MadeOn,
): Promise<Recipe | undefined> {
  const made = { device, dtype, versions: __VERSIONS__ };
  return recipeOfPicture({ manifest, sha256: await manifestHash(manifest), settings, made });
}
