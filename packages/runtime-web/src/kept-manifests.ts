import { type Manifest, parseManifest } from '@tessera/format';
import type { ManifestFile } from '@tessera/onnx';
import type { KeptFiles } from './kept-files.js';

/** Under this name, the files that may be kept of each manifest, by its name: the storage can't list what it has. */
const INDEX = 'manifests';

type Index = { readonly [name: string]: readonly ManifestFile[] };

/**
 * The manifest kept of an address, whose query makes no difference.
 *
 * @throws ManifestError where it is none that this version understands
 */
export async function keptManifest(url: string, kept: KeptFiles): Promise<Manifest | undefined> {
  const json = await kept.readText(nameOf(url));
  return json === undefined ? undefined : parseManifest(json);
}

/** Notes the files of a manifest before they arrive; the one kept before goes on serving. */
export async function noteFiles(url: string, { files }: Manifest, kept: KeptFiles): Promise<void> {
  const index = await readIndex(kept);
  const noted = index[nameOf(url)] ?? [];
  const further = lacking(files, noted);
  if (further.length > 0) await writeIndex({ ...index, [nameOf(url)]: [...noted, ...further] }, kept);
}

/**
 * Keeps a manifest whose files have arrived. Others noted before at its address, such as an earlier version's, are removed
 * unless another manifest has them: nobody would ask for them again.
 */
export async function keepManifest(
  url: string,
  json: string,
  { files }: Manifest,
  kept: KeptFiles,
): Promise<void> {
  const { [nameOf(url)]: noted = [], ...others } = await readIndex(kept);
  const superseded = lacking(noted, files);
  for (const file of lacking(superseded, Object.values(others).flat())) await kept.remove(file);
  await kept.writeText(nameOf(url), json);
  if (superseded.length === 0) return;
  await writeIndex({ ...others, [nameOf(url)]: files }, kept);
  // There may be room now for what had to be held in memory.
  await kept.keepHeld();
}

async function readIndex(kept: KeptFiles): Promise<Index> {
  return JSON.parse((await kept.readText(INDEX)) ?? '{}') as Index;
}

function writeIndex(index: Index, kept: KeptFiles): Promise<void> {
  return kept.writeText(INDEX, JSON.stringify(index));
}

/** What of `files` is not among `others`, by hash. */
function lacking(files: readonly ManifestFile[], others: readonly ManifestFile[]): readonly ManifestFile[] {
  const hashes = new Set(others.map(({ sha256 }) => sha256));
  return files.filter(({ sha256 }) => !hashes.has(sha256));
}

/** A manifest's name in the storage: its address without the query, such as a version or a signature. */
function nameOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}
