import { InvalidOptionError } from '@tessera/core';
import type { Precision } from '@tessera/format';
import {
  assertMemory,
  createMarModel,
  DeviceUnavailableError,
  type FetchedModel,
  fetchModel,
  firstSentence,
  type Loaded,
  type LoadProgress,
  ModelFileError,
  precisionObstacle,
  type ServedModel,
  type StartedInPrecision,
  serveLoading,
  startInPrecision,
  startOnDevice,
} from '@tessera/onnx';
import { type CacheStore, cacheStore } from './cache-store.js';
import { createSession } from './create-session.js';
import { checkDevice } from './device-check.js';
import { DeviceWatch } from './device-watch.js';
import { DEVICES, type Device, DeviceLostError } from './devices.js';
import { EventLoopYielder } from './event-loop-yielder.js';
import { cacheStorage, type FileStorage } from './file-storage.js';
import {
  findAdapter,
  type GpuAdapter,
  type GpuDevice,
  halfPrecision,
  isSoftware,
  type WebScope,
} from './gpu.js';
import type { WebLoadRequest } from './load-model.js';
import { folderBytes, openFolder } from './open-folder.js';
import type { OrtModule, WasmPaths } from './ort.js';
import { checkScript, explainStart, RuntimeFileError } from './runtime-files.js';
import { servedModel } from './served-model.js';
import { availableThreads } from './threads.js';

/** The part of a worker's global scope that is used. */
export interface WorkerScope {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<unknown>) => void): void;
}

export interface ServeWorkerOptions {
  /** The module `onnxruntime-web/webgpu` or `onnxruntime-web/wasm`. Never the default entry: it computes wrong numbers. */
  readonly ort: OrtModule;
  /** What `ort` can run on. @default both */
  readonly devices?: readonly Device[];
  /** Where ONNX Runtime's files are, relative to the worker; `loadModel` can say otherwise. */
  readonly wasmPaths?: WasmPaths;
  /** Where model files are stored. @default the Cache API */
  readonly storage?: FileStorage;
  /** @default the global scope of the worker that this runs in */
  readonly scope?: WorkerScope;
}

/** Makes a worker one that a model can be loaded into, see `loadModel`. Returns at once. */
export function serveWorker(options: ServeWorkerOptions): void {
  const { scope = globalThis as unknown as WorkerScope } = options;
  const port = {
    send: (message: unknown) => scope.postMessage(message),
    listen: (listener: (message: unknown) => void) =>
      scope.addEventListener('message', ({ data }) => listener(data)),
  };
  serveLoading<WebLoadRequest, Device>(port, (request, { onProgress }) => load(request, options, onProgress));
}

/** Bytes that 32-bit addresses reach. */
const WASM_MEMORY = 2 ** 32;

/** What the sessions of a model are created from. */
interface Source extends FetchedModel {
  readonly ort: OrtModule;
  readonly store: CacheStore;
  readonly yielder: EventLoopYielder;
  /** The bytes of a file, by its path in the manifest. */
  read(path: string): Promise<Uint8Array<ArrayBuffer>>;
  onProgress(progress: LoadProgress): void;
}

async function load(
  request: WebLoadRequest,
  { ort, devices = DEVICES, wasmPaths, storage = cacheStorage() }: ServeWorkerOptions,
  onProgress: (progress: LoadProgress) => void,
): Promise<{ readonly model: ServedModel; readonly loaded: Loaded<Device> }> {
  const paths =
    request.wasmPaths ?? (wasmPaths && { wasm: absolute(wasmPaths.wasm), mjs: absolute(wasmPaths.mjs) });
  const threads = threadsFrom(request.threads, paths !== undefined);
  ort.env.logLevel = 'fatal';
  ort.env.wasm.numThreads = threads;
  if (paths) {
    await checkScript(paths.mjs);
    ort.env.wasm.wasmPaths = paths;
  }
  const { folder, files, dtype, headers } = request;
  const store = cacheStore(storage, folder);
  const fetched = files
    ? await openFolder(files, { dtype, onProgress })
    : await fetchModel(folder, { store, dtype, headers, onProgress });
  const yielder = new EventLoopYielder();
  const read = (path: string) => (files ? folderBytes(files, path) : storedBytes(store, fetched, path));
  const source: Source = { ...fetched, ort, store, yielder, read, onProgress };
  const { model: started, ...place } = await startOnDevice({
    wanted: request.device,
    candidates: DEVICES,
    async start(name: Device) {
      if (!devices.includes(name)) throw new DeviceUnavailableError(name, notInBuild(name), 'wasm');
      try {
        return await (name === 'wasm' ? startOnWasm(source, request) : startOnGpu(source, request));
      } catch (error) {
        throw await explainStart(error, paths);
      }
    },
    reason: (_, error) =>
      DeviceUnavailableError.isInstance(error)
        ? (error as DeviceUnavailableError).reason
        : firstSentence(error),
    isFatal: (_, error) => RuntimeFileError.isInstance(error),
  });
  const { model, ...precision } = started;
  const { cacheError } = store;
  return {
    model,
    loaded: {
      ...fetched,
      threads,
      ...place,
      ...precision,
      ...(cacheError === undefined ? {} : { cacheError }),
    },
  };
}

async function storedBytes(
  store: CacheStore,
  { manifest }: FetchedModel,
  path: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const file = manifest.files.find((each) => each.path === path)!;
  const bytes = await store.read(file);
  if (bytes.length === file.bytes) return bytes;
  throw new ModelFileError(path, 'the browser deleted it meanwhile. Load the model again.');
}

function createModel(
  { manifest, dtype, ort, read, yielder, onProgress }: Source,
  device: Device,
  precision: Precision = 'fp32',
) {
  return createMarModel({
    manifest,
    dtype,
    Tensor: ort.Tensor,
    isInMemory: device === 'wasm',
    onProgress,
    createSession: async (name, component) =>
      createSession(ort, name, component, { device, precision }, read, yielder),
    readFile: read,
  });
}

async function startOnWasm(
  source: Source,
  { precision }: Pick<WebLoadRequest, 'precision'>,
): Promise<StartedInPrecision<ServedModel>> {
  assertMemory(source.manifest, source.dtype, WASM_MEMORY, 'WebAssembly in a browser');
  return startInPrecision({ wanted: precision, obstacle: 'WebAssembly computes in fp32.' }, async () =>
    servedModel(await createModel(source, 'wasm'), source.yielder),
  );
}

/** Starts the model on the GPU that there is. */
async function startOnGpu(
  source: Source,
  { device, precision, verify }: Pick<WebLoadRequest, 'device' | 'precision' | 'verify'>,
): Promise<StartedInPrecision<ServedModel>> {
  const adapter = await findAdapter(globalThis as WebScope);
  if (typeof adapter === 'string') throw new Error(adapter);
  if (device === 'auto' && isSoftware(adapter)) {
    throw new Error('WebGPU is computed by the processor here, which is slower than WebAssembly.');
  }
  const obstacle = precisionObstacle(source.manifest, source.dtype) ?? halfPrecision(adapter).reason;
  return startInPrecision({ wanted: precision, obstacle }, (each) =>
    startOnAdapter(source, adapter, each, verify),
  );
}

/** Creates the model on a GPU, and checks that it computes right. */
async function startOnAdapter(
  source: Source,
  adapter: GpuAdapter,
  precision: Precision,
  verify: boolean,
): Promise<ServedModel> {
  const { ort, yielder, store, read } = source;
  const model = await createModel(source, 'webgpu', precision);
  const watch = new DeviceWatch((await ort.env.webgpu.device) as GpuDevice);
  try {
    if (verify) {
      await watch.guard(
        () => checkDevice(model, source, read, store, adapter, ort.env.versions, precision),
        () => yielder.yieldToEventLoop(),
      );
    }
  } catch (error) {
    // On a lost device the call that was guarded may never end, and disposal would wait for it.
    if (!DeviceLostError.isInstance(error)) await model.dispose();
    throw error;
  }
  return servedModel(model, yielder, watch);
}

function threadsFrom(wanted: number | undefined, havePaths: boolean): number {
  const { count } = availableThreads(globalThis as WebScope);
  if (havePaths) return Math.min(count, wanted ?? count);
  if (count > 1 && wanted !== undefined && wanted > 1) {
    throw new InvalidOptionError(
      'threads',
      wanted,
      'more than one needs wasmPaths, without which a bundled page would wait for them for ever',
    );
  }
  return 1;
}

function absolute(address: string | URL): string {
  return new URL(address, location.href).href;
}

function notInBuild(device: Device): string {
  return `the worker's build of onnxruntime-web does not have it: import @tessera/runtime-web/${device} there.`;
}
