import type { ModelInput } from '@tessera/core';
import type { ComponentName, Manifest, ManifestComponent, StorageType } from '@tessera/format';
import type { TensorConstructor } from 'onnxruntime-common';
import { GraphRunner, type GraphSession, type GraphSessions } from '../graph-runner.js';
import { LightgenGraphs } from '../lightgen/lightgen-graphs.js';
import { MarGraphs } from '../mar-graphs.js';
import { MarModel } from '../mar-model.js';
import type { ModelGraphs } from '../model-graphs.js';
import type { LoadProgress } from './load-options.js';

/**
 * Rows of a batch that the transformer takes at once where tensors are in memory: enough for its matrix products to be
 * bound by arithmetic, and few enough for its memory not to grow with the batch.
 */
const ROWS_AT_ONCE = 16;

/**
 * Creates the sessions of a model, one after the other, so that one graph at a time is in memory twice. Where one can't be
 * created, those before it are released.
 *
 * @param Tensor the Tensor class of the runtime that creates the sessions
 * @param onProgress called before each session is created
 * @param isInMemory whether tensors stay in the processor's memory, so that large batches can be taken in parts
 */
export async function createMarModel(
  manifest: Manifest,
  dtype: StorageType,
  Tensor: TensorConstructor,
  isInMemory: boolean,
  onProgress: (progress: LoadProgress) => void,
  createSession: (name: ComponentName, component: ManifestComponent) => Promise<GraphSession>,
): Promise<MarModel> {
  const variant = manifest.variants.find((each) => each.dtype === dtype)!;
  const components = Object.entries(variant.components) as [ComponentName, ManifestComponent?][];
  const bytesOf = ({ path, data = [] }: ManifestComponent): number =>
    manifest.files.reduce((sum, file) => sum + ([path, ...data].includes(file.path) ? file.bytes : 0), 0);
  const totalBytes = components.reduce((sum, [, component]) => sum + (component ? bytesOf(component) : 0), 0);
  let loadedBytes = 0;
  const sessions: { [name in ComponentName]?: GraphSession } = {};
  try {
    for (const [name, component] of components) {
      if (!component) continue;
      onProgress({ phase: 'prepare', file: component.path, loadedBytes, totalBytes });
      sessions[name] = await createSession(name, component);
      loadedBytes += bytesOf(component);
    }
    return new MarModel(modelGraphs(manifest, sessions, Tensor, isInMemory ? ROWS_AT_ONCE : undefined));
  } catch (error) {
    await Promise.all(Object.values(sessions).map((session) => session.release()));
    throw error;
  }
}

/** The graphs of a model of any family. */
export function modelGraphs(
  manifest: Manifest,
  sessions: GraphSessions,
  Tensor: TensorConstructor,
  rowsAtOnce?: number,
): ModelGraphs<ModelInput> {
  if (manifest.family !== 'lightgen') return new MarGraphs(manifest, sessions, Tensor, rowsAtOnce);
  return new LightgenGraphs(manifest, new GraphRunner(sessions, Tensor), rowsAtOnce ? { rowsAtOnce } : {});
}
