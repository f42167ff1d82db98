import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Classes, classNameOf } from '@tessera/format';
import { EvaluationRequestError } from './evaluation-request-error.js';

/** A real picture's file. */
export interface RealFile {
  readonly path: string;
  /** Absent where it lies in no class's folder. */
  readonly label?: number;
}

/** The class that a folder is named for, by name or number; undefined where there is none. */
export type LabelOf = (folder: string) => number | undefined;

/** Names that an error lists. */
export const NAMED = 5;

/** Real pictures, and what was left out. */
export interface RealFiles {
  readonly files: readonly RealFile[];
  /** A sentence for people about each kind of files that was left out. */
  readonly notes: readonly string[];
}

/**
 * The PNG files of a folder, or of the folders in it, one a class at least, each named by its class's name or number; then
 * equally many of each class, the first by name. Links are followed.
 *
 * @throws EvaluationRequestError where there are both, a folder is of no class, or a class has no picture
 */
export async function realFilesIn(folder: string, classes: Classes, labelOf: LabelOf): Promise<RealFiles> {
  if (!existsSync(folder)) throw new EvaluationRequestError(`There is no folder ${folder}.`);
  const folders = await foldersIn(folder);
  const loose = await filesIn(folder, folders);
  if (folders.length === 0) {
    return {
      files: loose.pngs.map((name) => ({ path: join(folder, name) })),
      notes: otherFilesNote(folder, loose.others),
    };
  }
  if (loose.pngs.length > 0) {
    throw new EvaluationRequestError(
      `${folder} holds ${loose.pngs.length} PNG pictures beside folders. Put all pictures into their classes' folders, or all into one folder.`,
    );
  }
  const lists = await Promise.all(
    folders.map(async (name) => {
      const label = labelOfFolder(name, labelOf);
      const { pngs, others } = await filesIn(join(folder, name));
      return { others, files: pngs.map((png) => ({ path: join(folder, name, png), label })) };
    }),
  );
  const others = lists.reduce((sum, list) => sum + list.others, loose.others);
  const all = lists.flatMap(({ files }) => files);
  const byClass = Array.from({ length: classes.count }, (_, label) =>
    all.filter((file) => file.label === label),
  );
  assertAllClasses(folder, byClass, { classes, others });
  const each = Math.min(...byClass.map((files) => files.length));
  const taken = new Set(byClass.flatMap((files) => files.slice(0, each)));
  return {
    files: all.filter((file) => taken.has(file)),
    notes: [...unequalNote(folder, all.length, each, classes), ...otherFilesNote(folder, others)],
  };
}

/**
 * Generated pictures are of all classes in equal parts: real ones in other parts are another distribution, however good
 * the generated ones are.
 */
function unequalNote(folder: string, there: number, each: number, { count }: Classes): readonly string[] {
  if (each * count === there) return [];
  return [
    `Of the ${there} real pictures in ${folder}, ${each * count} are taken, ${each} of each class: ` +
      'generated ones are of all classes in equal parts.',
  ];
}

function otherFilesNote(folder: string, others: number): readonly string[] {
  if (others === 0) return [];
  return [
    `${others} ${others === 1 ? 'file' : 'files'} in ${folder} ${others === 1 ? 'is no PNG and is' : 'are no PNGs and are'} ignored.`,
  ];
}

/** Hidden ones, as tools leave them, don't count. */
async function foldersIn(folder: string): Promise<string[]> {
  const all = await readdir(folder, { withFileTypes: true });
  const entries = all.filter(({ name }) => !name.startsWith('.'));
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

/** The PNGs of a folder, sorted, and how many other files it holds; hidden ones don't count, nor `folders` in it. */
async function filesIn(
  folder: string,
  folders: readonly string[] = [],
): Promise<{ pngs: readonly string[]; others: number }> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.') && !folders.includes(name));
  const pngs = names.filter((name) => /\.png$/i.test(name)).sort();
  return { pngs, others: names.length - pngs.length };
}

function labelOfFolder(name: string, labelOf: LabelOf): number {
  const label = labelOf(name);
  if (label !== undefined) return label;
  throw new EvaluationRequestError(
    `The folder ${name} among the real pictures is no class of the model: it must be called by the name or number of one.`,
  );
}

function assertAllClasses(
  folder: string,
  byClass: readonly (readonly RealFile[])[],
  { classes, others }: { readonly classes: Classes; readonly others: number },
): void {
  const missing = [...byClass.keys()].filter((label) => byClass[label]!.length === 0);
  if (missing.length === 0) return;
  const names = missing.slice(0, NAMED).map((label) => classNameOf(classes, label));
  const more = missing.length > NAMED ? `; and ${missing.length - NAMED} more` : '';
  throw new EvaluationRequestError(
    [
      `${folder} holds no pictures of ${names.join('; ')}${more}.`,
      ...otherFilesNote(folder, others),
      'Real pictures, 8-bit RGB PNGs, are needed of every class of the model, or all in one folder where their classes are unknown.',
    ].join(' '),
  );
}
