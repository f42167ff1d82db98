import { access, mkdir, readdir, realpath, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { InvalidOptionError } from '@tessera/core';
import { COMPONENT_NAMES, FORMER_COMPONENT_NAMES } from '@tessera/format';
import { OutputExistsError, OutputFolderError } from '../errors.js';
import { beside, clearLeftovers, type Leftover } from './leftovers.js';

/** Graphs that a conversion writes, or wrote before. */
const GRAPHS = [...COMPONENT_NAMES, ...FORMER_COMPONENT_NAMES];

/** What a model folder holds, and the folder of an autoencoder by itself. */
const CONVERTED: readonly { readonly mark: string; readonly files: RegExp }[] = [
  {
    mark: 'mar.json',
    files: new RegExp(
      `^(mar\\.json|parity\\.json|tokenizer\\.json|README\\.md|onnx|onnx/(${GRAPHS.join('|')})\\.onnx(_data(_\\d+)?)?)$`,
    ),
  },
  { mark: 'decoder.onnx', files: /^(decoder|encoder)\.onnx(_data(_\d+)?)?$/ },
];

/** What file managers leave behind in the folders that they show. */
const DESKTOP = /(^|\/)(\.DS_Store|Thumbs\.db|desktop\.ini)$/;

export interface OutputOptions {
  /**
   * Whether an existing folder is replaced, which has to be empty or to hold nothing but what conversions write and file
   * managers leave behind.
   */
  readonly overwrite: boolean;
  /** The files that are read. */
  readonly reads: readonly string[];
}

/**
 * Has a folder written that appears under its name only when complete; where writing fails nothing of it stays, and a
 * folder that was there stays as it was. What a process leaves that is killed while it writes, the next call clears away.
 *
 * @param write fills the empty folder that it is given, which lies beside; it is told what was cleared away
 * @throws OutputExistsError if the folder exists and is not to be replaced
 * @throws OutputFolderError if no folder can be made there, or the disk is full
 * @throws InvalidOptionError if it is to be replaced and holds the working directory, a file that is read, or anything
 *   that no conversion writes
 */
export async function writeOutput<T>(
  out: string,
  { overwrite, reads }: OutputOptions,
  write: (partial: string, leftovers: readonly Leftover[]) => Promise<T>,
): Promise<T> {
  const folder = resolve(out);
  const leftovers = await clearLeftovers(folder);
  const assertFree = async (): Promise<void> => {
    if (!(await exists(folder))) return;
    if (!overwrite) throw new OutputExistsError(folder);
    await assertReplaceable(out, reads);
  };
  await assertFree();
  const partial = beside(folder, 'partial');
  const made = await makeFolder(partial);
  try {
    const result = await write(partial, leftovers);
    // Writing takes minutes, in which anyone may have put something there.
    await assertFree();
    await moveInto(partial, folder);
    return result;
  } catch (error) {
    throw isFull(error)
      ? new OutputFolderError(folder, 'no space is left where it lies', { cause: error })
      : error;
  } finally {
    await rm(partial, { recursive: true, force: true });
    // Of folders above, those stay that hold something: the output, if it was written.
    for (let path = dirname(folder); made && path.startsWith(made); path = dirname(path)) {
      await rmdir(path).catch(() => undefined);
    }
  }
}

/**
 * Makes a folder and those above it that are missing. Node's `recursive` would never return where a file system takes no
 * folders, such as /proc.
 *
 * @returns the uppermost folder made; undefined if it was there
 * @throws OutputFolderError if it can't be made
 */
async function makeFolder(path: string): Promise<string | undefined> {
  try {
    await mkdir(path);
    return path;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return undefined;
    if (code !== 'ENOENT' || (await exists(dirname(path))))
      throw new OutputFolderError(path, message, { cause });
    const made = await makeFolder(dirname(path));
    return (await makeFolder(path)) && made;
  }
}

async function assertReplaceable(out: string, reads: readonly string[]): Promise<void> {
  const fail = (problem: string): never => {
    throw new InvalidOptionError('out', out, `${problem}, so it is not replaced. Name another folder`);
  };
  const folder = await realpath(out);
  for (const path of [process.cwd(), ...reads]) {
    const there = (await exists(path)) ? await realpath(path) : resolve(path);
    const inside = relative(folder, there);
    if (inside.split(sep)[0] !== '..' && !isAbsolute(inside)) fail(`it is or holds ${path}, which is in use`);
  }
  if (!(await stat(folder)).isDirectory()) fail('it is no folder');
  const held = (await readdir(folder, { recursive: true })).map((path) => path.split(sep).join('/'));
  const { files } = CONVERTED.find(({ mark }) => held.includes(mark)) ?? {};
  const foreign = held.find((path) => !files?.test(path) && !DESKTOP.test(path));
  if (foreign !== undefined) fail(`it holds ${foreign}, which no conversion writes`);
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

/** Puts a finished folder in its place; a folder that is there goes only once the new one is there. */
async function moveInto(from: string, to: string): Promise<void> {
  const replaced = (await exists(to)) ? beside(to, 'replaced') : undefined;
  if (replaced) await rename(to, replaced);
  try {
    await rename(from, to);
  } catch (error) {
    if (replaced) await rename(replaced, to);
    throw error;
  }
  if (replaced) await rm(replaced, { recursive: true, force: true });
}

const exists = async (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
