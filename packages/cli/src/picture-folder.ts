import { access, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readPng } from '@tessera/evaluation-report/files';
import { differences, type Picture, parseRecipe, type Recipe, RecipeError, recipeFor } from '@tessera/format';
import { isPng } from './output-path.js';
import { readRecipe } from './recipe-file.js';
import { UsageError } from './usage-error.js';

/** Where pictures and their recipe go: a folder, or one named file. */
export interface Target {
  /** As people are told of it. */
  readonly place: string;
  readonly recipePath: string;
  readonly sheetPath: string;
  /** Whether other pictures of the same recipe can lie beside. */
  readonly holdsMany: boolean;
  pathOf(picture: Picture): string;
  previewPathOf(picture: Picture): string;
}

/**
 * @param out a folder, or a file whose name ends in `.png`, which holds one picture
 * @throws UsageError where several pictures should go into one file
 */
export function targetOf(out: string, pictures: readonly Picture[]): Target {
  if (!isPng(out)) {
    return {
      place: out,
      recipePath: join(out, 'recipe.json'),
      sheetPath: join(out, 'sheet.png'),
      holdsMany: true,
      pathOf: ({ file }) => join(out, file),
      previewPathOf: ({ file }) => join(out, file.replace(/\.png$/, '.steps.png')),
    };
  }
  if (pictures.length !== 1) {
    throw new UsageError(
      `${out} can hold one picture, and ${pictures.length} are asked for. Give --out a folder, or choose one by --class or --index.`,
    );
  }
  const stem = join(dirname(out), basename(out).slice(0, -'.png'.length));
  return {
    place: out,
    recipePath: `${stem}.recipe.json`,
    sheetPath: `${stem}.sheet.png`,
    holdsMany: false,
    pathOf: () => out,
    previewPathOf: () => `${stem}.steps.png`,
  };
}

/** Where the pictures of a recipe file lie, if nobody says otherwise. */
export function placeOfRecipe(recipePath: string): string {
  if (isPng(recipePath)) {
    throw new UsageError(`Where should the picture go? Give --out, since ${recipePath} is there already.`);
  }
  const single = /^(.+)\.recipe\.json$/.exec(basename(recipePath));
  return single ? join(dirname(recipePath), `${single[1]}.png`) : dirname(recipePath);
}

/** What is there already, and the recipe to be written: that of the pictures there and the new ones. */
export interface OpenedTarget {
  readonly recipe: Recipe;
  /** Indices of the pictures asked for that exist. */
  readonly finished: ReadonlySet<number>;
  /** What they were made with, where that was something else. */
  readonly otherwiseMade: readonly string[];
}

export interface OpenOptions {
  /** Nothing that is there counts: it is deleted. */
  readonly overwrite: boolean;
  /** A picture without its preview does not count. */
  readonly preview: boolean;
}

/**
 * Looks at what an earlier call has left. A recipe of which no picture is there was never begun, and does not count.
 *
 * With `overwrite`, the pictures asked for are deleted, and with another recipe all of the earlier one, so that whatever is
 * there after a stop is of this recipe; and a sheet of them.
 *
 * @throws RecipeError where it was made by another recipe, a file is in the way that is of another one or none, or the
 * recipe there can't be read
 */
export async function openTarget(
  target: Target,
  recipe: Recipe,
  options: OpenOptions,
): Promise<OpenedTarget> {
  const earlier = await earlierRecipe(target, options);
  const changes = earlier ? differences(earlier, recipe) : [];
  const stays = earlier && changes.length === 0 && target.holdsMany;
  const all = { ...recipe, images: stays ? united(earlier, recipe) : recipe.images };
  if (options.overwrite) {
    await deletePictures(target, [
      ...recipe.images,
      ...(earlier && changes.length > 0 ? earlier.images : []),
    ]);
    return { recipe: all, finished: new Set(), otherwiseMade: [] };
  }
  if (changes.length > 0) {
    throw new RecipeError(
      `${target.place} holds pictures of another recipe:\n${changes.map((change) => `  - ${change}`).join('\n')}\n` +
        'Choose another place by --out, or replace them by --overwrite.',
    );
  }
  const finished = new Set<number>();
  for (const picture of recipe.images) {
    const path = target.pathOf(picture);
    if (!(await exists(path))) continue;
    await assertMadeBy(recipeFor(recipe, picture), path);
    if (!options.preview || (await exists(target.previewPathOf(picture)))) finished.add(picture.index);
  }
  return {
    recipe: all,
    finished,
    otherwiseMade: finished.size > 0 && earlier ? madeDifferently(earlier, recipe) : [],
  };
}

/** The recipe of what is there; undefined where there is none, or nothing of it. */
async function earlierRecipe(target: Target, { overwrite }: OpenOptions): Promise<Recipe | undefined> {
  if (!(await exists(target.recipePath))) return undefined;
  let recipe: Recipe;
  try {
    recipe = await readRecipe(target.recipePath);
  } catch (cause) {
    if (!RecipeError.isInstance(cause)) throw cause;
    if (overwrite) return undefined;
    throw new RecipeError(
      `${cause.message}\nChoose another place by --out, or replace what is there by --overwrite.`,
      { cause },
    );
  }
  for (const picture of recipe.images) if (await exists(target.pathOf(picture))) return recipe;
  return undefined;
}

async function deletePictures(target: Target, pictures: readonly Picture[]): Promise<void> {
  await rm(target.sheetPath, { force: true });
  for (const picture of pictures) {
    await rm(target.pathOf(picture), { force: true });
    await rm(target.previewPathOf(picture), { force: true });
  }
}

/** The recipe beside a picture may list it before it is made, so its own counts. */
async function assertMadeBy(recipe: Recipe, path: string): Promise<void> {
  const { recipe: json } = await readPng(path);
  const own = json === undefined ? undefined : parseRecipe(json, path);
  const changes = own ? differences(own, recipe) : ['it carries no recipe'];
  if (own && own.images[0]?.index !== recipe.images[0]?.index) changes.push('it is another picture');
  if (changes.length === 0) return;
  throw new RecipeError(
    `${path} is in the way:\n${changes.map((change) => `  - ${change}`).join('\n')}\n` +
      'Choose another place by --out, or replace it by --overwrite.',
  );
}

function united(earlier: Recipe, recipe: Recipe): Recipe['images'] {
  const byIndex = new Map([...earlier.images, ...recipe.images].map((picture) => [picture.index, picture]));
  return [...byIndex.values()].sort((a, b) => a.index - b.index);
}

function madeDifferently({ made: before }: Recipe, { made: now }: Recipe): string[] {
  const flat = ({ device, dtype, versions }: Recipe['made']): Record<string, string> => ({
    ...versions,
    device,
    dtype,
  });
  const old = flat(before);
  return Object.entries(flat(now))
    .filter(([key, value]) => old[key] !== value)
    .map(([key, value]) => `${key} ${old[key]} → ${value}`);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
