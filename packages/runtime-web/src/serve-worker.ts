import { InvalidOptionError, TesseraError } from '@tessera/core';
import { packError, type ServedModel, serveModel } from '@tessera/onnx';
import { createModel } from './create-model.js';
import { checkDevice } from './device-check.js';
import { DeviceWatch } from './device-watch.js';
import {
  DEVICES,
  type Device,
  DeviceLostError,
  DeviceUnavailableError,
  type Fallback,
  reasonFrom,
} from './devices.js';
import { EventLoopYielder } from './event-loop-yielder.js';
import { cacheStorage, type FileStorage } from './file-storage.js';
import { findAdapter, type GpuDevice, isSoftware, type WebScope } from './gpu.js';
import { webPort } from './message-port.js';
import { type ModelFolder, openModelFolder } from './model-folder.js';
import type { OrtModule, WasmPaths } from './ort.js';
import { checkScript, explainStart, RuntimeFileError } from './runtime-files.js';
import { servedModel } from './served-model.js';
import { availableThreads } from './threads.js';
import type { LoadRequest, WorkerMessage } from './worker-messages.js';

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
  /** Where model files are kept. @default the Cache API */
  readonly storage?: FileStorage;
  /** @default the global scope of the worker that this runs in */
  readonly scope?: WorkerScope;
}

/** Makes a worker one that a model can be loaded into, see `loadModel`. Returns at once. */
export function serveWorker(options: ServeWorkerOptions): void {
  const { scope = globalThis as unknown as WorkerScope } = options;
  const say = (message: WorkerMessage): void => scope.postMessage(message);
  scope.addEventListener('message', ({ data }) => {
    const request = data as LoadRequest;
    if (request?.type !== 'load') return;
    load(request, options, say).catch((error: unknown) => say({ type: 'failed', error: packError(error) }));
  });
}

async function load(
  request: LoadRequest,
  { ort, devices = DEVICES, wasmPaths, storage = cacheStorage() }: ServeWorkerOptions,
  say: (message: WorkerMessage) => void,
): Promise<void> {
  const paths =
    request.wasmPaths ?? (wasmPaths && { wasm: absolute(wasmPaths.wasm), mjs: absolute(wasmPaths.mjs) });
  const threads = threadsFrom(request.threads, paths !== undefined);
  ort.env.logLevel = 'fatal';
  ort.env.wasm.numThreads = threads;
  if (paths) {
    await checkScript(paths.mjs);
    ort.env.wasm.wasmPaths = paths;
  }
  const folder = await openModelFolder(request.folder, {
    dtype: request.dtype,
    storage,
    onProgress: (progress) => say({ type: 'progress', progress }),
  });
  const yielder = new EventLoopYielder();
  const fallbacks: Fallback[] = [];
  const automatic = request.device === 'auto';
  for (const device of automatic ? DEVICES : [request.device as Device]) {
    try {
      if (!devices.includes(device)) throw new Error(notInBuild(device));
      const model = await start(ort, folder, device, request, yielder);
      serveModel(webPort(request.port), model);
      const { manifest, dtype, notKept } = folder;
      const loaded = { device, dtype, threads, fallbacks, ...(notKept === undefined ? {} : { notKept }) };
      say({ type: 'ready', manifest, loaded });
      return;
    } catch (error) {
      const explained = await explainStart(error, paths);
      const isLast = device === 'wasm' && devices.includes('wasm');
      if (isLast || RuntimeFileError.isInstance(explained)) throw explained;
      if (!automatic && TesseraError.isInstance(explained)) throw explained;
      const reason = reasonFrom(explained);
      if (!automatic || device === 'wasm') throw new DeviceUnavailableError(device, reason);
      fallbacks.push({ device, reason });
    }
  }
}

/** Creates the model and, on a GPU, sees whether it computes right. */
async function start(
  ort: OrtModule,
  folder: ModelFolder,
  device: Device,
  request: Pick<LoadRequest, 'device' | 'verify'>,
  yielder: EventLoopYielder,
): Promise<ServedModel> {
  if (device === 'wasm') return servedModel(await createModel(ort, folder, device, yielder), yielder);
  const adapter = await findAdapter(globalThis as WebScope);
  if (typeof adapter === 'string') throw new Error(adapter);
  if (request.device === 'auto' && isSoftware(adapter)) {
    throw new Error('WebGPU is computed by the processor here, which is slower than WebAssembly.');
  }
  const model = await createModel(ort, folder, device, yielder);
  const watch = new DeviceWatch((await ort.env.webgpu.device) as GpuDevice);
  try {
    if (request.verify) {
      await watch.guard(
        () => checkDevice(model, folder, adapter, ort.env.versions),
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
