import { join } from 'node:path';
import { shortTime } from '@tessera/evaluation-report/display';
import type { ModelInUse } from '@tessera/evaluation-report/environment';
import {
  adviceOf,
  classesOf,
  describeSampling,
  type Manifest,
  NAMED_POLICIES,
  type Picture,
  pictureAt,
  type Recipe,
  RecipeError,
  recipeOf,
  TextFeaturesError,
  USUAL_BATCH,
  usualBatch,
} from '@tessera/format';
import type { LoadedModel, StoredFeatures } from '@tessera/runtime-node';
import { Command, Option } from 'commander';
import { type CommandContext, type Output, outputOf } from '../command-context.js';
import { type Made, makePictures } from '../make-pictures.js';
import { type ModelFlags, modelInUse, modelLine, withModelOptions } from '../model-options.js';
import { wholeNumberOption } from '../number-options.js';
import { assertOutput, withOutputOption } from '../output-path.js';
import { parseIndices } from '../parse-class-labels.js';
import { placeOfRecipe, type Target, targetOf } from '../picture-folder.js';
import {
  type PictureFlags,
  picturesFor,
  promptsFrom,
  takesPrompts,
  warnOfUnknownWords,
  withPictureOptions,
} from '../picture-options.js';
import { sheetScale } from '../picture-sheet.js';
import { readRecipe } from '../recipe-file.js';
import {
  policyList,
  SAMPLING_ATTRIBUTES,
  type SamplingChoice,
  type SamplingFlags,
  samplingChoice,
  withSamplingOptions,
} from '../sampling-options.js';
import { sizeOption } from '../size-option.js';
import { wrappedHelp } from '../terminal.js';

interface GenerateFlags extends ModelFlags, SamplingFlags, PictureFlags {
  readonly policy?: string;
  readonly recipe?: string;
  readonly out?: string;
  readonly size?: NonNullable<Recipe['size']>;
  readonly batch?: number;
  readonly sheet?: boolean;
  readonly preview?: boolean;
  readonly scale?: number;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

export function generateCommand(context: CommandContext): Command {
  const command = withPictureOptions(new Command('generate').description('Draw pictures.')).option(
    '--policy <spec>',
    'a policy, and any of the keys below behind its name; "help" lists all (default: what the model advises)',
  );
  withSamplingOptions(command, { policy: true });
  withModelOptions(command, { precision: true });
  command.option(
    '--features <folder>',
    'features of prompts that tessera encode-text made (default: all of them are drawn)',
  );
  withOutputOption(command, 'folder or picture', 'where pictures go (default: out/POLICY-seed-SEED)')
    .addOption(
      new Option('--recipe <file>', 'make what a recipe.json, or a picture of ours, says').conflicts([
        ...['class', 'count', 'seed', 'policy', 'size'],
        ...SAMPLING_ATTRIBUTES,
      ]),
    )
    .addOption(sizeOption())
    .addOption(wholeNumberOption('--batch <n>', `pictures at once (${USUAL_BATCH})`, 1))
    .option('--sheet', 'write a contact sheet too')
    .option('--preview', 'write the steps of each picture too, as one tiled picture')
    .addOption(
      wholeNumberOption(
        '--scale <n>',
        'enlarge sheets so many times (default: to about 128 pixels a picture)',
        1,
      ),
    )
    .option('--overwrite', 'replace what is there')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      wrappedHelp(`A picture is named by seed and index. Indices run over all classes of the model, one picture of
each in turn, so a picture stays the same in a longer batch, with other classes, or alone.
What is finished is kept: the same command again goes on where it was stopped.

Examples:
  tessera generate                                   one picture of each class
  tessera generate --class cat,fish --count 8 --sheet
  tessera generate --index 37 --seed 7 --out one.png  picture 37 of seed 7 alone
  tessera generate "a red fox on snow" "three cherries" --count 4
  tessera generate --model nitro-ar --features features
  tessera generate --class tree --policy gtr-16/fts=low --preview
  tessera generate --recipe out/gtr-32-seed-1/recipe.json --out again`),
    );
  return command.action((words: readonly string[], flags: GenerateFlags) => generate(context, words, flags));
}

async function generate(
  context: CommandContext,
  words: readonly string[],
  flags: GenerateFlags,
): Promise<void> {
  const output = outputOf(context, flags.json);
  if (flags.policy === 'help') {
    output.print(policyList());
    output.result(NAMED_POLICIES);
    return;
  }
  const given = flags.recipe === undefined ? undefined : await readRecipe(flags.recipe);
  const features = flags.features === undefined ? undefined : await openFeatures(flags.features);
  const named = await promptsFrom(words, flags);
  const prompts = named.length > 0 || !features ? named : features.prompts.filter((prompt) => prompt !== '');
  const choice = samplingChoice(flags, flags.policy);
  const loaded = await modelInUse(
    context,
    given ? { model: given.model.location, ...flags } : flags,
    output,
    { prompts: takesPrompts(prompts, flags) },
  );
  const { model } = loaded;
  try {
    const used = features ? { ...loaded, model: await withFeatures(model, features) } : loaded;
    const pictures = given
      ? await againPictures(given, model.manifest, flags, context, output)
      : await picturesFor(flags, model.manifest, prompts, context.io, output);
    await warnOfUnknownWords(pictures, model, output);
    const recipe = given ? againRecipe(given, used, pictures) : newRecipe(used, flags, choice, pictures);
    const out = flags.out ?? defaultPlace(flags, model.manifest);
    assertOutput(out, 'folder or picture');
    const target = targetOf(out, recipe.images);
    const made = await makePictures({
      used,
      recipe,
      target,
      batch: flags.batch ?? usualBatch(model),
      scale: flags.scale ?? sheetScale(model),
      sheet: flags.sheet ?? false,
      preview: flags.preview ?? false,
      overwrite: flags.overwrite ?? false,
      signal: context.io.signal,
      output,
    });
    reportResult(context, output, flags, used, recipe, target, made);
  } finally {
    await model.dispose();
    await features?.dispose();
  }
}

async function openFeatures(folder: string): Promise<StoredFeatures> {
  const { readFeatures } = await import('@tessera/runtime-node');
  return readFeatures(folder);
}

/** @throws TextFeaturesError where they are another kind of model's */
async function withFeatures(model: LoadedModel, features: StoredFeatures): Promise<LoadedModel> {
  const { family, name } = model.manifest;
  if (family !== undefined && (family === 'nitro') !== (features.encoder === 'llama')) {
    const expected = family === 'nitro' ? 'a Llama' : 'a T5';
    throw new TextFeaturesError(
      `The features were made by ${features.encoder}, but the model "${name}" takes those of ${expected}. Encode the prompts by one: tessera encode-text --text`,
    );
  }
  const { withTextEncoder } = await import('@tessera/runtime-node');
  return withTextEncoder(model, features);
}

function newRecipe(
  used: ModelInUse,
  flags: GenerateFlags,
  choice: SamplingChoice,
  pictures: readonly Picture[],
): Recipe {
  const { manifest } = used.model;
  return recipeOf({
    model: used.identity,
    seed: flags.seed,
    sampling: choice(manifest.sampling),
    ...(flags.size ? { size: flags.size } : {}),
    made: used.made,
    pictures,
  });
}

function againRecipe(
  given: Recipe,
  { model, identity, made }: ModelInUse,
  images: readonly Picture[],
): Recipe {
  if (identity.sha256 !== given.model.sha256) {
    throw new RecipeError(
      `The recipe was made with the model ${given.model.name} (${given.model.sha256.slice(0, 12)}), ` +
        `but this is ${identity.name} (${identity.sha256.slice(0, 12)}). Name the right one by --model.`,
    );
  }
  for (const picture of images) assertFits(picture, model.manifest);
  return { ...given, model: identity, made, images: [...images] };
}

/** All pictures of a recipe, or those that `--index` names: of classes any, of prompts those that it has. */
async function againPictures(
  { images }: Recipe,
  manifest: Manifest,
  flags: GenerateFlags,
  { io }: CommandContext,
  output: Output,
): Promise<readonly Picture[]> {
  if (flags.index === undefined) return images;
  if (manifest.condition.kind === 'class') return picturesFor(flags, manifest, [], io, output);
  return parseIndices(flags.index).map((index) => {
    const picture = images.find((each) => each.index === index);
    if (picture) return picture;
    throw new RecipeError(
      `The recipe has no picture ${index}: it has ${images.map((each) => each.index).join(', ')}.`,
    );
  });
}

function assertFits(given: Picture, manifest: Manifest): void {
  // A prompt's picture is all that the recipe says.
  if ('prompt' in given && manifest.condition.kind === 'text') return;
  const classes = classesOf(manifest);
  if ('prompt' in given) {
    throw new RecipeError(
      'The recipe has prompts, but this model takes classes. Name the right one by --model.',
    );
  }
  const { index, classLabel, file } = given;
  const picture = pictureAt(classes, index);
  if (classLabel === picture.classLabel && file === picture.file) return;
  throw new RecipeError(
    `The recipe says that picture ${index} is of class ${classLabel} and called ${file}, but of this model it is of class ` +
      `${picture.classLabel} and called ${picture.file}. Correct the recipe, or name pictures by --index.`,
  );
}

function defaultPlace({ recipe, policy, seed }: GenerateFlags, { sampling }: Manifest): string {
  if (recipe !== undefined) return placeOfRecipe(recipe);
  return join('out', `${(policy ?? adviceOf(sampling)).replace(/[^\w-]+/g, '_')}-seed-${seed}`);
}

function reportResult(
  { style }: CommandContext,
  output: Output,
  { sheet, preview }: GenerateFlags,
  used: ModelInUse,
  { images, sampling, seed }: Recipe,
  target: Target,
  { made, kept, seconds }: Made,
): void {
  const each = made > 0 ? ` in ${shortTime(seconds)}, ${(seconds / made).toFixed(2)} s each` : '';
  const already = kept.size > 0 ? `; ${kept.size} ${kept.size === 1 ? 'was' : 'were'} there already` : '';
  output.print(
    `${style.green('done')}  ${images.length} picture${images.length === 1 ? '' : 's'} in ${style.bold(target.place)}`,
  );
  output.print(`  model    ${modelLine(used)}`);
  output.print(`  sampling ${describeSampling(sampling).join(', ')}, seed ${seed}`);
  output.print(`  made     ${made}${each}${already}`);
  if (sheet) output.print(`  sheet    ${target.sheetPath}`);
  output.print(`  recipe   ${target.recipePath}`);
  output.result({
    place: target.place,
    recipe: target.recipePath,
    ...(sheet ? { sheet: target.sheetPath } : {}),
    device: used.model.device,
    made,
    kept: kept.size,
    seconds,
    pictures: images.map((picture) => ({
      index: picture.index,
      ...('prompt' in picture
        ? { prompt: picture.prompt }
        : { class: picture.className, classLabel: picture.classLabel }),
      path: target.pathOf(picture),
      made: !kept.has(picture.index),
      ...(preview ? { preview: target.previewPathOf(picture) } : {}),
    })),
  });
}
