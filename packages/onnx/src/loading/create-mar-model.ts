import type { ModelInput } from '@tessera/core';
import type { TextEncoder } from '@tessera/core/model';
import {
  type ComponentName,
  decodeText,
  type Manifest,
  type ManifestComponent,
  type StorageType,
} from '@tessera/format';
import type { TensorConstructor } from 'onnxruntime-common';
import { GraphRunner, type GraphSession, type GraphSessions } from '../graph-runner.js';
import { GraphTextEncoder } from '../graph-text-encoder.js';
import { JointNitroGraphs } from '../joint-nitro-graphs.js';
import { LightgenGraphs } from '../lightgen/lightgen-graphs.js';
import { MarGraphs } from '../mar-graphs.js';
import { MarModel } from '../mar-model.js';
import type { ModelGraphs } from '../model-graphs.js';
import { NitroGraphs } from '../nitro-graphs.js';
import { isCreatedWhenRun } from './created-when-run.js';
import type { LoadProgress } from './load-options.js';

/**
 * Rows of a batch that the transformer takes at once where tensors are in memory: enough for its matrix products to be
 * bound by arithmetic, and few enough for its memory not to grow with the batch.
 */
const ROWS_AT_ONCE = 16;
/** The same for one thread, which has nothing to share: a few rows keep it as busy. */
const ROWS_OF_ONE_THREAD = 4;

/** What a runtime creates a model from. */
export interface ModelSource {
  readonly manifest: Manifest;
  readonly dtype: StorageType;
  /** The Tensor class of the runtime that creates the sessions. */
  readonly Tensor: TensorConstructor;
  /** Whether tensors stay in the processor's memory, so that large batches can be taken in parts. */
  readonly isInMemory: boolean;
  /** CPU threads of the sessions. @default several */
  readonly threads?: number;
  /** Called before each session is created. */
  onProgress(progress: LoadProgress): void;
  createSession(name: ComponentName, component: ManifestComponent): Promise<GraphSession>;
  /** The bytes of a file of the folder, by its path in the manifest. */
  readFile(path: string): Promise<Uint8Array>;
}

/**
 * Creates the sessions of a model, one after the other, so that one graph at a time is in memory twice. Where one can't be
 * created, those before it are released. A text encoder is created when the first prompt comes: features need none. So are the
 * graphs of {@link isCreatedWhenRun}.
 */
export async function createMarModel(source: ModelSource): Promise<MarModel> {
  const { manifest, dtype, Tensor, isInMemory, threads, createSession, onProgress } = source;
  const variant = manifest.variants.find((each) => each.dtype === dtype)!;
  const { textEncoder, ...rest } = variant.components;
  const all = Object.entries(rest) as [ComponentName, ManifestComponent?][];
  const isLate = (name: ComponentName): boolean => isCreatedWhenRun(name, rest);
  const components = all.filter(([name]) => !isLate(name));
  const bytesOf = ({ path, data = [] }: ManifestComponent): number =>
    manifest.files.reduce((sum, file) => sum + ([path, ...data].includes(file.path) ? file.bytes : 0), 0);
  const totalBytes = components.reduce((sum, [, component]) => sum + (component ? bytesOf(component) : 0), 0);
  let loadedBytes = 0;
  const sessions: { [name in ComponentName]?: GraphSession } = {};
  for (const [name, component] of all) {
    if (component && isLate(name)) sessions[name] = createWhenRun(() => createSession(name, component));
  }
  try {
    for (const [name, component] of components) {
      if (!component) continue;
      onProgress({ phase: 'prepare', file: component.path, loadedBytes, totalBytes });
      sessions[name] = await createSession(name, component);
      loadedBytes += bytesOf(component);
    }
    const options = {
      ...(isInMemory ? { rowsAtOnce: threads === 1 ? ROWS_OF_ONE_THREAD : ROWS_AT_ONCE } : {}),
      ...(textEncoder ? { textEncoder: folderTextEncoder(source, textEncoder) } : {}),
    };
    return new MarModel(modelGraphs(manifest, sessions, Tensor, options));
  } catch (error) {
    await Promise.all(Object.values(sessions).map((session) => session.release()));
    throw error;
  }
}

function createWhenRun(create: () => Promise<GraphSession>): GraphSession {
  let session: Promise<GraphSession> | undefined;
  return {
    async run(feeds, outputs) {
      session ??= create();
      // What failed can be tried again.
      session.catch(() => (session = undefined));
      return (await session).run(feeds, outputs);
    },
    async release() {
      await (await session)?.release();
    },
  };
}

function folderTextEncoder(
  { manifest, Tensor, createSession, readFile }: ModelSource,
  component: ManifestComponent,
): TextEncoder | undefined {
  const { condition } = manifest;
  if (condition.kind !== 'text' || !condition.encoder) return undefined;
  const { tokenizer } = condition.encoder;
  return new GraphTextEncoder(
    condition,
    Tensor,
    () => createSession('textEncoder', component),
    async () => decodeText(await readFile(tokenizer), tokenizer),
  );
}

/** The graphs of a model of any family. */
export function modelGraphs(
  manifest: Manifest,
  sessions: GraphSessions,
  Tensor: TensorConstructor,
  options: { readonly rowsAtOnce?: number; readonly textEncoder?: TextEncoder | undefined } = {},
): ModelGraphs<ModelInput> {
  const { family = 'mar' } = manifest;
  if (family === 'mar') return new MarGraphs(manifest, sessions, Tensor, options.rowsAtOnce);
  const Nitro = manifest.joint ? JointNitroGraphs : NitroGraphs;
  const Graphs = family === 'nitro' ? Nitro : LightgenGraphs;
  return new Graphs(manifest, new GraphRunner(sessions, Tensor), options);
}
