import { TesseraError } from '@tessera/core';
import {
  decodeText,
  differences,
  type Manifest,
  manifestHash,
  parseRecipe,
  type Recipe,
  samplingSteps,
  stepsText,
} from '@tessera/format';
import { POLICY_NAMES } from '../policies/shown-policies.js';
import { conditionOf, pictureOf } from '../settings/condition.js';
import {
  GUIDANCE,
  LARGEST_SEED,
  REDRAWN,
  ROUNDS,
  type Settings,
  TEMPERATURE,
  within,
} from '../settings/settings.js';
import { recipeOfPicture } from './recipe.js';

/** A recipe asks for what can't be set on this page. */
export class BeyondThisPageError extends TesseraError {
  static override readonly code = 'beyond-this-page';
  constructor(reasons: readonly string[]) {
    super(BeyondThisPageError.code, reasons.join('; '));
  }
}

/**
 * The recipe of a file.
 *
 * @param file a `recipe.json`, or a PNG file that carries one
 * @throws RecipeError, or TesseraError with code `png-file`, where there is none in it
 */
export async function recipeOfFile(file: File): Promise<Recipe> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (!/\.png$/i.test(file.name)) return parseRecipe(decodeText(bytes, file.name), file.name);
  const { readPngBytes } = await import('@tessera/format/png');
  const { recipe } = readPngBytes(bytes, file.name);
  return parseRecipe(recipe ?? '', file.name);
}

/**
 * The settings that draw the first picture of a recipe.
 *
 * @throws BeyondThisPageError where the page can't draw what it says
 */
export async function settingsOfRecipe(recipe: Recipe, manifest: Manifest): Promise<Settings> {
  const [picture] = recipe.images;
  if (!picture) throw new BeyondThisPageError(['it names no picture']);
  const condition = conditionOf(picture);
  if (picture.index !== pictureOf(condition, manifest).index) {
    throw new BeyondThisPageError([
      `it is for picture ${picture.index} of its seed, and the page draws the first of each class or prompt`,
    ]);
  }
  const { guidance, temperature, sampler, corrector } = recipe.sampling;
  const sha256 = await manifestHash(manifest);
  const { policy: asked } = recipe.sampling;
  const [, diffusion = ''] = stepsText(asked).split(' × ');
  const numbers = { steps: samplingSteps(recipe.sampling), diffusionSteps: Number.parseInt(diffusion, 10) };
  const choices = [
    ...POLICY_NAMES.map((name) => ({ name })),
    ...POLICY_NAMES.map((name) => ({ name, ...numbers })),
  ];
  const attempts = choices.map((choice) => {
    const settings: Settings = {
      condition,
      seed: within(recipe.seed, { min: 0, max: LARGEST_SEED }),
      policy: { kind: 'named', ...choice },
      guidance: within(guidance.scale, GUIDANCE),
      temperature: within(temperature, TEMPERATURE),
      sampler: sampler.name === 'dpm' ? 'dpm' : 'ancestral',
      redrawn: corrector?.method === 'least-likely' ? within(corrector.share, REDRAWN) : 0,
      rounds: corrector?.method === 'least-likely' ? within(corrector.rounds, ROUNDS) : 1,
    };
    const ours = recipeOfPicture({ manifest, sha256, settings, made: recipe.made });
    if (!ours) return { settings, missed: [] };
    // At scale 1 all schedules are none.
    const unguided = guidance.scale === 1 ? { guidance: ours.sampling.guidance } : {};
    const wanted = { ...recipe, sampling: { ...recipe.sampling, ...unguided } };
    return { settings, missed: differences(wanted, ours) };
  });
  const nearest = attempts.reduce((best, each) => (each.missed.length < best.missed.length ? each : best));
  if (nearest.missed.length > 0) throw new BeyondThisPageError(nearest.missed);
  return nearest.settings;
}
