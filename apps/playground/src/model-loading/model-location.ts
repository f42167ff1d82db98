import { InvalidOptionError } from '@tessera/core';
import { folderAddress } from '@tessera/format';
import type { Condition } from '../settings/condition.js';

/** Where a model comes from. */
export type ModelLocation =
  /** The one that comes with the page and takes classes, or text. */
  | { readonly kind: 'embedded'; readonly takes: Condition['kind'] }
  /** A model folder on a server: the address of the folder that holds `mar.json`. */
  | { readonly kind: 'address'; readonly url: string }
  /** A model folder of the user's disk, its files by their path in the folder. */
  | { readonly kind: 'folder'; readonly name: string; readonly files: ReadonlyMap<string, File> };

export const EMBEDDED: Readonly<Record<Condition['kind'], ModelLocation & { readonly kind: 'embedded' }>> = {
  class: { kind: 'embedded', takes: 'class' },
  text: { kind: 'embedded', takes: 'text' },
};

/**
 * A location from what was typed, an address or `hf:owner/name`; a string that says what is wrong with it otherwise.
 *
 * @param base the page's address
 */
export function addressLocation(text: string, base: string): ModelLocation | string {
  const typed = text.trim();
  if (typed === '') return 'Enter the address of a model folder, one that holds mar.json.';
  let url: URL;
  try {
    url = new URL(folderAddress(typed), base);
  } catch (error) {
    if (InvalidOptionError.isInstance(error)) return error.message;
    return `“${typed}” is not an address. It looks like https://example.org/models/mine/.`;
  }
  if (!['http:', 'https:'].includes(url.protocol)) return 'Only addresses of http and https can be loaded.';
  url.pathname = url.pathname.replace(/\/?$/, '/');
  return { kind: 'address', url: url.href };
}

/** The folder that the user chose; a string that says what is wrong with it otherwise. */
export function folderLocation(files: Iterable<File>): ModelLocation | string {
  const all = [...files];
  const manifest = all
    .filter(({ name }) => name === 'mar.json')
    .sort((a, b) => a.webkitRelativePath.length - b.webkitRelativePath.length)[0];
  if (!manifest) return 'This folder holds no mar.json. Choose a model folder, as tessera convert writes it.';
  const root = manifest.webkitRelativePath.slice(0, -'mar.json'.length);
  const inside = all.filter(({ webkitRelativePath }) => webkitRelativePath.startsWith(root));
  const paths = inside.map((file) => [file.webkitRelativePath.slice(root.length), file] as const);
  return { kind: 'folder', name: root.split('/').at(-2) ?? 'model', files: new Map(paths) };
}
