import { join } from 'node:path';
import { formatHubSource, type HubSource, isCheckpointName, type StorageType } from '@tessera/format';
import { assertFileHash, assertFileSize, ModelFileError, neededFiles, storedType } from '@tessera/onnx';
import { readManifest } from '../model-files.js';
import type { ModelFolder } from '../model-folder.js';
import type { HubFile } from './hub-api.js';
import { type HubOptions, withHubSnapshot } from './hub-snapshot.js';

/**
 * Brings a model folder from a hub to the disk: the files that a variant needs.
 *
 * @throws ModelFileError, ManifestError, InvalidOptionError, the signal's reason
 */
export function hubModelFolder(
  source: HubSource,
  { dtype, ...options }: HubOptions & { readonly dtype: StorageType | 'auto' },
): Promise<ModelFolder> {
  const below = source.path.replace(/(^|\/)mar\.json$/, '');
  const fullPath = (path: string): string => (below === '' ? path : `${below}/${path}`);
  return withHubSnapshot(source, options, async (snapshot) => {
    const files = new Map((await snapshot.files(below)).map((file) => [file.path, file]));
    const listed = files.get(fullPath('mar.json'));
    if (!listed) throw noModelFolder(source, [...files.keys()]);
    await snapshot.fetch([listed]);
    const folder = join(snapshot.folder, below);
    const manifest = await readManifest(folder);
    const needed = neededFiles(manifest, storedType(manifest, dtype)).map((file): HubFile => {
      const place = { ...source, path: fullPath(file.path) };
      const onHub = files.get(place.path);
      if (!onHub) {
        throw new ModelFileError(
          formatHubSource(place),
          'the manifest lists this file, but the hub lacks it. Upload the model folder again, whole.',
        );
      }
      if (!snapshot.isCached) assertFileSize(formatHubSource(place), file, onHub.bytes);
      // An LFS file says its hash, so that nothing has to be downloaded to know.
      if (onHub.sha256.length === file.sha256.length) {
        assertFileHash(formatHubSource(place), file, onHub.sha256);
      }
      return { ...onHub, sha256: file.sha256 };
    });
    await snapshot.fetch(needed, options.onProgress);
    return { path: folder, isChecked: !snapshot.isCached };
  });
}

function noModelFolder(source: HubSource, paths: readonly string[]): ModelFileError {
  const checkpoint = paths.find((path) => isCheckpointName(path) && !/(^|\/)(kl|vae)/i.test(path));
  const advice =
    checkpoint === undefined
      ? 'Name the folder that tessera convert has written, as hf:owner/name/folder'
      : `It has checkpoints: name one, such as ${formatHubSource({ ...source, path: checkpoint })}`;
  return new ModelFileError(formatHubSource(source), `has no mar.json, so it is no model folder. ${advice}.`);
}
