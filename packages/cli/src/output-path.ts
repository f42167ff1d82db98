import { mkdtempSync, rmdirSync, type Stats, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { TesseraError } from '@tessera/core';
import { type Command, Option } from 'commander';
import { UsageError } from './usage-error.js';

/** A place can't be written to. */
export class OutputPathError extends TesseraError {
  static override readonly code = 'output-path';
  readonly path: string;

  constructor(path: string, problem: string, options?: { cause?: unknown }) {
    super(OutputPathError.code, `${path} ${problem}. Name another place by --out.`, options);
    this.path = path;
  }
}

/** What a command writes to its `--out`. */
export type OutputKind = 'folder' | 'picture' | 'folder or picture' | 'store';

const EXAMPLES: Readonly<Record<OutputKind, string>> = {
  folder: 'a folder, such as --out results',
  picture: 'a PNG file, such as --out picture.png',
  'folder or picture': 'a folder or a PNG file, such as --out results or --out picture.png',
  store: 'a folder or a bucket, such as --out results or --out s3://bucket/results',
};

const NAMES: Readonly<Record<OutputKind, string>> = {
  folder: '<folder>',
  picture: '<file.png>',
  'folder or picture': '<folder|file.png>',
  store: '<folder|s3://…>',
};

/**
 * Adds `--out`, which is checked before the command does any work: every command that writes takes its path from here.
 *
 * @param fallback the path without the option; null where the option is required
 */
export function withOutputOption(
  command: Command,
  kind: OutputKind,
  description: string,
  fallback?: string | null,
): Command {
  const option = new Option(`--out ${NAMES[kind]}`, description).makeOptionMandatory(fallback === null);
  return command.addOption(option.default(fallback ?? undefined)).hook('preAction', () => {
    const { out } = command.opts<{ readonly out?: string }>();
    if (out !== undefined) assertOutput(out, kind);
  });
}

/** Names of files in formats that no command writes. */
const OTHER_FORMAT =
  /\.(jpe?g|webp|gif|bmp|tiff?|avif|heic|jxl|svg|pdf|txt|md|csv|json|html?|zip|onnx|safetensors)$/i;

export const isPng = (path: string): boolean => /\.png$/i.test(path);

/**
 * Checks where a command is to write.
 *
 * @throws UsageError if the path is empty, or names something that the command doesn't write
 * @throws OutputPathError if something else is there, or nothing can be written there
 */
export function assertOutput(path: string, kind: OutputKind): void {
  if (path.trim() === '') throw new UsageError(`--out is empty. Give it ${EXAMPLES[kind]}.`);
  if (kind === 'store' && path.startsWith('s3://')) return;
  const found = statsOf(path);
  const isFolder = kind === 'folder' || kind === 'store';
  const isPicture = isPng(path) && !isFolder;
  const isOther = isPng(path) ? isFolder : kind === 'picture' || OTHER_FORMAT.test(path);
  if (isOther && !(kind !== 'picture' && found?.isDirectory())) {
    throw new UsageError(`--out ${path} does not fit: this command writes ${EXAMPLES[kind]}.`);
  }
  if (found && found.isDirectory() === isPicture) {
    throw new OutputPathError(path, isPicture ? 'is a folder, not a PNG file' : 'is a file, not a folder');
  }
  assertWritable(path);
}

/** Makes a folder in the nearest one that exists, for a moment: nothing else tells in advance what a file system allows. */
function assertWritable(path: string): void {
  let existing = resolve(path);
  let found = statsOf(existing);
  while (!found?.isDirectory()) {
    if (found && existing !== resolve(path)) throw new OutputPathError(existing, 'is a file, not a folder');
    existing = dirname(existing);
    found = statsOf(existing);
  }
  try {
    rmdirSync(mkdtempSync(join(existing, '.tessera-')));
  } catch (cause) {
    throw new OutputPathError(path, `can't be written: ${systemErrorText(cause)}`, { cause });
  }
}

/** Undefined where there is nothing, or a file where a folder on the way should be. */
function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    if (['ENOENT', 'ENOTDIR'].includes(code)) return undefined;
    throw new OutputPathError(path, `can't be written: ${systemErrorText(cause)}`, { cause });
  }
}

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  EACCES: 'permission is denied',
  EPERM: 'the system does not permit it',
  EROFS: 'its file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
  ENOENT: 'its file system takes no new files',
  ENAMETOOLONG: 'its name is too long',
  EMFILE: 'too many files are open',
};

/** What the operating system says, in words. */
export function systemErrorText(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return SYSTEM_ERRORS[code] ?? message;
}
