import { madeWith, manifestHash, titleOf } from '@tessera/format';
import { recipeOfPicture } from '../recipe/recipe.js';
import type { PictureState } from '../run/picture-run.js';
import { totals } from '../run/step-record.js';
import { pictureOf } from '../settings/condition.js';
import type { HistoryEntry } from './picture-history.js';

/**
 * A finished run's picture with all that is kept of it; undefined while the run is not finished.
 *
 * @param versions of the packages that drew it, for the recipe
 */
export async function entryOfPicture(
  { finished, settings, steps }: PictureState,
  versions: Readonly<Record<string, string>>,
): Promise<HistoryEntry | undefined> {
  if (!finished?.environment || !settings) return undefined;
  const { manifest } = finished.environment;
  const { pngBytes } = await import('@tessera/format/png');
  const made = madeWith(finished.environment, versions);
  const recipe = recipeOfPicture({ manifest, sha256: await manifestHash(manifest), settings, made });
  const picture = pictureOf(settings.condition, manifest);
  const { milliseconds, headEvaluations } = totals(steps);
  return {
    id: crypto.randomUUID(),
    finishedAt: Date.now(),
    model: manifest.name,
    title: titleOf(picture),
    settings,
    milliseconds,
    headEvaluations,
    file: picture.file,
    png: pngBytes(finished.image, recipe),
    ...(recipe ? { recipe: `${JSON.stringify(recipe, null, 2)}\n` } : {}),
  };
}
