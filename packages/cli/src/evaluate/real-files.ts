import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Classes, classNameOf } from '@tessera/recipe';
import { UsageError } from '../usage-error.js';

/** A real picture's file. */
export interface RealFile {
  readonly path: string;
  /** Absent where it lies in no class's folder. */
  readonly label?: number;
}

/** Names that an error lists. */
const NAMED = 5;

/**
 * The PNG files of a folder, or of the folders in it, one a class at least, each named by its class's name or number. Links
 * are followed.
 *
 * @throws UsageError where there are both, a folder is of no class, or a class has no picture
 */
export async function realFilesIn(folder: string, classes: Classes): Promise<readonly RealFile[]> {
  if (!existsSync(folder)) throw new UsageError(`There is no folder ${folder}.`);
  const folders = await foldersIn(folder);
  const loose = (await pngsIn(folder)).filter((name) => !folders.includes(name));
  if (folders.length === 0) return loose.map((name) => ({ path: join(folder, name) }));
  if (loose.length > 0) {
    throw new UsageError(
      `${folder} holds ${loose.length} PNG pictures beside folders. Put all pictures into their classes' folders, or all into one folder.`,
    );
  }
  const lists = await Promise.all(
    folders.map(async (name) => {
      const label = labelOf(name, classes);
      return (await pngsIn(join(folder, name))).map((png) => ({ path: join(folder, name, png), label }));
    }),
  );
  const files = lists.flat();
  assertAllClasses(folder, classes, new Set(files.map(({ label }) => label)));
  return files;
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const are = await Promise.all(
    entries.map(async (entry) =>
      entry.isSymbolicLink() ? (await stat(join(folder, entry.name))).isDirectory() : entry.isDirectory(),
    ),
  );
  return entries
    .filter((_, i) => are[i])
    .map(({ name }) => name)
    .sort();
}

async function pngsIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => /\.png$/i.test(name)).sort();
}

function labelOf(name: string, classes: Classes): number {
  const wanted = name.trim().toLowerCase();
  for (let label = 0; label < classes.count; label++) {
    const names = classNameOf(classes, label).toLowerCase().split(',');
    if (`${label}` === wanted || names.some((each) => each.trim() === wanted)) return label;
  }
  throw new UsageError(`The folder ${name} among the real pictures is no class of the model.`);
}

/** Generated pictures are of all classes in equal parts, so real ones without some of them are another distribution. */
function assertAllClasses(folder: string, classes: Classes, found: ReadonlySet<number>): void {
  const missing = Array.from({ length: classes.count }, (_, label) => label).filter(
    (label) => !found.has(label),
  );
  if (missing.length === 0) return;
  const names = missing.slice(0, NAMED).map((label) => classNameOf(classes, label));
  const more = missing.length > NAMED ? `; and ${missing.length - NAMED} more` : '';
  throw new UsageError(
    `${folder} holds no pictures of ${names.join('; ')}${more}. Real pictures are needed of every class of the model, ` +
      'or all in one folder where their classes are unknown.',
  );
}
