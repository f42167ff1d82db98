import type { MaskedModel, ModelInput } from '@tessera/core';
import { ModelDisposedError } from '@tessera/core/model';
import type { Manifest, Precision, StorageType } from '@tessera/format';
import { onAbort } from '../abort-listener.js';
import { RemoteModel } from '../remote/connect.js';
import type { Port } from '../remote/port.js';
import type { Calls } from '../remote/protocol.js';
import { answerCalls, Caller, type Handlers } from '../remote/rpc.js';
import { modelHandlers, type ServedModel } from '../remote/serve.js';
import type { RunStatistics } from '../run-statistics.js';
import type { LoadOptions, LoadProgress } from './load-options.js';
import type { Fallback } from './start-on-device.js';

/** What is known of a model once it is loaded. */
export interface Loaded<Device extends string = string> {
  readonly manifest: Manifest;
  /** What it runs on. */
  readonly device: Device;
  readonly dtype: StorageType;
  /** What matrix products and convolutions are computed in. */
  readonly precision: Precision;
  /** Why `precision` isn't fp16, which was requested; absent otherwise. */
  readonly precisionReason?: string;
  readonly threads: number;
  /** What `auto` tried before, and why it was passed over. */
  readonly fallbacks: readonly Fallback<Device>[];
  /** Why the files could not be stored for the next time, e.g. a full disk; absent if they are stored. */
  readonly cacheError?: string;
}

/** A model whose sessions live in a worker, so that the thread that loaded it stays free while it works. */
export interface LoadedModel<Device extends string = string> extends MaskedModel<ModelInput>, Loaded<Device> {
  readonly evaluateHead: NonNullable<MaskedModel<ModelInput>['evaluateHead']>;
  readonly encode: NonNullable<MaskedModel<ModelInput>['encode']>;
  /**
   * The words of a prompt that the model can only spell, in their order: those that its tokenizer has no piece for. None of a
   * model that takes classes, or has no text encoder of its own.
   */
  unknownWords(prompt: string): Promise<readonly string[]>;
  /** How often each graph has run since loading, and for how long. */
  runStatistics(): Promise<RunStatistics>;
  /** Ends the worker. Later calls reject with `ModelDisposedError`. */
  dispose(): Promise<void>;
}

/** The calls of a model's worker: the first one loads the model, the others are the model's. */
interface WorkerCalls<Request extends object, Device extends string> extends Calls {
  load: { arguments: Request; result: Loaded<Device> };
}

export interface LoadContext {
  onProgress(progress: LoadProgress): void;
}

/** Makes a worker one that loads the model that {@link loadInWorker} requests, and serves it. Returns at once. */
export function serveLoading<Request extends object, Device extends string>(
  port: Port,
  load: (
    request: Request,
    context: LoadContext,
  ) => Promise<{ readonly model: ServedModel; readonly loaded: Loaded<Device> }>,
): void {
  const handlers: Partial<Handlers<WorkerCalls<Request, Device>>> = {
    async load(request, { progress }) {
      const { model, loaded } = await load(request, { onProgress: progress });
      Object.assign(handlers, modelHandlers(model).handlers);
      return loaded;
    },
  };
  answerCalls<WorkerCalls<Request, Device>>(port, handlers as Handlers<WorkerCalls<Request, Device>>);
}

/** A thread that calls {@link serveLoading}, as a runtime starts it. */
export interface ModelWorker {
  readonly port: Port;
  /** Whether `dispose` waits for calls under way before it ends the thread. */
  readonly disposesGently: boolean;
  /** Calls back when the thread has ended by itself. */
  onEnd(listener: (reason: Error) => void): void;
  /** May return a promise, which is awaited. */
  terminate(): unknown;
}

/**
 * Loads a model in a worker of its own, which ends with the model, and where loading fails or is stopped.
 *
 * @param request what the worker is told; where it throws, the worker ends too
 * @throws the signal's reason; what `onProgress` or `request` threw; the worker's error
 */
export async function loadInWorker<Request extends object, Device extends string>(
  worker: ModelWorker,
  request: () => Request,
  { signal, onProgress }: Pick<LoadOptions<Device>, 'signal' | 'onProgress'>,
): Promise<LoadedModel<Device>> {
  const caller = new Caller<WorkerCalls<Request, Device>>(worker.port);
  worker.onEnd((reason) => caller.close(reason));
  // The worker may be in a call that can't be stopped: it is not waited for.
  const withdraw = onAbort(signal, () => caller.close(signal?.reason));
  try {
    const loaded = await caller.call('load', request(), { onProgress });
    return new WorkerModel(worker, caller, loaded);
  } catch (error) {
    await worker.terminate();
    throw error;
  } finally {
    withdraw();
  }
}

class WorkerModel<Device extends string> extends RemoteModel implements LoadedModel<Device> {
  readonly device: Device;
  readonly dtype: StorageType;
  readonly precision: Precision;
  declare readonly precisionReason?: string;
  readonly threads: number;
  readonly fallbacks: readonly Fallback<Device>[];
  declare readonly cacheError?: string;
  readonly #worker: ModelWorker;
  #ended: Promise<void> | undefined;

  constructor(worker: ModelWorker, caller: Caller<Calls>, loaded: Loaded<Device>) {
    super(caller, loaded.manifest);
    this.device = loaded.device;
    this.dtype = loaded.dtype;
    this.precision = loaded.precision;
    if (loaded.precisionReason !== undefined) this.precisionReason = loaded.precisionReason;
    this.threads = loaded.threads;
    this.fallbacks = loaded.fallbacks;
    if (loaded.cacheError !== undefined) this.cacheError = loaded.cacheError;
    this.#worker = worker;
  }

  override dispose(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  async #end(): Promise<void> {
    try {
      if (this.#worker.disposesGently) await super.dispose();
      else this.close(new ModelDisposedError());
    } finally {
      await this.#worker.terminate();
    }
  }
}
