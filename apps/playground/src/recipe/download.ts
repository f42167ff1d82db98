import type { LoadedModel } from '@tessera/runtime-web';
import { saveFile } from '../parts/save-file.js';
import { type NamedPolicy, namedPolicy } from '../policies/named-policies.js';
import type { PictureState } from '../run/picture-run.js';
import { manifestHash } from './manifest-hash.js';
import { fileNameOf, type Recipe, recipeOf } from './recipe.js';

/** Saves a finished picture as a PNG file, its recipe inside unless its policy is one of the user's own. */
export async function downloadPicture(
  { finished, settings }: PictureState,
  model: LoadedModel,
): Promise<void> {
  if (!finished || !settings) return;
  const { pngFile } = await import('./png-file.js');
  const recipe = await recipeFor({ settings }, model);
  saveFile(fileNameOf(model.manifest, settings.classLabel), 'image/png', pngFile(finished.image, recipe));
}

/** Saves the recipe of a picture, for `tessera generate --recipe`. */
export async function downloadRecipe({ settings }: PictureState, model: LoadedModel): Promise<void> {
  const recipe = await recipeFor({ settings }, model);
  if (recipe) saveFile('recipe.json', 'application/json', `${JSON.stringify(recipe, null, 2)}\n`);
}

async function recipeFor(
  { settings }: Pick<PictureState, 'settings'> | { settings: undefined },
  { manifest, device, dtype }: LoadedModel,
): Promise<Recipe | undefined> {
  if (settings?.policy.kind !== 'named') return undefined;
  const policy: NamedPolicy = namedPolicy(settings.policy.name);
  const made = { device, dtype, versions: __VERSIONS__ };
  return recipeOf({ manifest, sha256: await manifestHash(manifest), settings, policy, made });
}
