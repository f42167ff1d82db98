import { access } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { differences, type Picture, parseRecipe, type Recipe, RecipeError, recipeFor } from '@tessera/recipe';
import { readPng } from './png-file.js';
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
  /** Nothing that is there counts. */
  readonly overwrite: boolean;
  /** A picture without its preview does not count. */
  readonly preview: boolean;
}

/**
 * Looks at what an earlier call has left.
 *
 * @throws RecipeError where it was made by another recipe, or a file is in the way that no recipe speaks of
 */
export async function openTarget(
  target: Target,
  recipe: Recipe,
  { overwrite, preview }: OpenOptions,
): Promise<OpenedTarget> {
  const earlier = (await exists(target.recipePath)) ? await readRecipe(target.recipePath) : undefined;
  const changes = earlier ? differences(earlier, recipe) : [];
  const stays = earlier && changes.length === 0 && target.holdsMany;
  const all = { ...recipe, images: stays ? united(earlier, recipe) : recipe.images };
  if (overwrite) return { recipe: all, finished: new Set(), otherwiseMade: [] };
  if (changes.length > 0) {
    throw new RecipeError(
      `${target.place} holds pictures of another recipe:\n${changes.map((change) => `  - ${change}`).join('\n')}\n` +
        'Choose another place by --out, or replace them by --overwrite.',
    );
  }
  const listed = new Set(earlier?.images.map((picture) => picture.index));
  const finished = new Set<number>();
  for (const picture of recipe.images) {
    const path = target.pathOf(picture);
    if (!(await exists(path))) continue;
    if (!listed.has(picture.index)) await assertMadeBy(recipeFor(recipe, picture), path);
    if (!preview || (await exists(target.previewPathOf(picture)))) finished.add(picture.index);
  }
  return {
    recipe: all,
    finished,
    otherwiseMade: finished.size > 0 && earlier ? madeDifferently(earlier, recipe) : [],
  };
}

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

function isPng(path: string): boolean {
  return /\.png$/i.test(path);
}
