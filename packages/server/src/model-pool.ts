import type { ModelInput } from '@tessera/core';
import { Scheduler, type SchedulerOptions } from '@tessera/core/scheduling';
import { manifestHash, type Recipe, usualBatch } from '@tessera/format';
import { type LoadedModel, neededFiles } from '@tessera/onnx';
import { ApiError } from './api-error.js';

/** Where a served model comes from. */
export interface ModelSource {
  /** Loads it, e.g. by `loadModel` of @tessera/runtime-node. Called when it is needed, and again after it was unloaded. */
  load(): Promise<LoadedModel>;
  /** As recipes write it: `embedded`, a folder or an address. @default the model's name */
  readonly location?: string;
  /** What it takes in memory. @default the bytes of its files, once it has been loaded */
  readonly bytes?: number;
}

/** A model that is loaded, with its queue. */
export interface PooledModel {
  readonly name: string;
  readonly model: LoadedModel;
  readonly scheduler: Scheduler<ModelInput>;
  readonly identity: Recipe['model'];
  readonly made: Recipe['made'];
  readonly bytes: number;
  /** Seconds from one finished picture to the next while there is work. */
  secondsPerPicture: number;
}

export interface ModelPoolOptions extends Pick<SchedulerOptions, 'batch' | 'joined' | 'maxWaiting'> {
  /** Bytes of all loaded models together. */
  readonly memoryBytes: number;
  /** What the pictures may depend on, for recipes. */
  readonly versions: Readonly<Record<string, string>>;
}

interface Entry {
  readonly source: ModelSource;
  bytes: number | undefined;
  loaded: PooledModel | undefined;
  users: number;
  lastUse: number;
}

/** Loads models when they are needed, and unloads those that have rested longest where another one needs their room. */
export class ModelPool {
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #options: ModelPoolOptions;
  #uses = 0;
  /** The load that is under way: one at a time. */
  #loading: Promise<unknown> = Promise.resolve();
  #released: () => void = () => {};

  constructor(sources: Readonly<Record<string, ModelSource>>, options: ModelPoolOptions) {
    this.#options = options;
    this.#entries = new Map(
      Object.entries(sources).map(([name, source]) => [
        name,
        { source, bytes: source.bytes, loaded: undefined, users: 0, lastUse: 0 },
      ]),
    );
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  get loaded(): readonly PooledModel[] {
    return [...this.#entries.values()].flatMap(({ loaded }) => (loaded ? [loaded] : []));
  }

  /**
   * Loads a model, unless it is, and keeps it loaded until the lease is released.
   *
   * @param name @default the first
   * @throws ApiError 404 where there is none of that name; what loading throws; the signal's reason
   */
  async lease(
    name: string | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly served: PooledModel; release(): void }> {
    const wanted = name ?? this.names[0] ?? '';
    const entry = this.#entries.get(wanted);
    if (!entry)
      throw new ApiError(`There is no model ${wanted}. There are: ${this.names.join(', ')}.`, {
        status: 404,
        param: 'model',
        reason: 'model_not_found',
      });
    entry.users++;
    const release = (): void => {
      entry.users--;
      entry.lastUse = ++this.#uses;
      this.#released();
    };
    try {
      return { served: await unlessAborted(this.#loadedOf(wanted, entry), signal), release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Unloads all models. */
  async dispose(): Promise<void> {
    await Promise.all([...this.#entries.values()].map((entry) => this.#unload(entry)));
  }

  #loadedOf(name: string, entry: Entry): Promise<PooledModel> {
    if (entry.loaded) return Promise.resolve(entry.loaded);
    const load = this.#loading.then(() => entry.loaded ?? this.#load(name, entry));
    this.#loading = load.catch(() => undefined);
    return load;
  }

  async #load(name: string, entry: Entry): Promise<PooledModel> {
    await this.#makeRoom(name, entry.bytes ?? 0);
    const model = await entry.source.load();
    const { manifest, device, dtype } = model;
    const bytes =
      entry.source.bytes ?? neededFiles(manifest, dtype).reduce((sum, file) => sum + file.bytes, 0);
    entry.bytes = bytes;
    const { versions, memoryBytes: _, ...queue } = this.#options;
    const joined = usualBatch(model);
    const loaded: PooledModel = {
      name,
      model,
      scheduler: new Scheduler<ModelInput>(model, { joined, ...queue }),
      identity: {
        name: manifest.name,
        location: entry.source.location ?? name,
        sha256: await manifestHash(manifest),
      },
      made: { device, dtype, versions: { ...versions } },
      bytes,
      secondsPerPicture: 1,
    };
    entry.loaded = loaded;
    return loaded;
  }

  /** Waits until so many bytes are free; models in use are waited for. */
  async #makeRoom(name: string, bytes: number): Promise<void> {
    const { memoryBytes } = this.#options;
    if (bytes > memoryBytes)
      throw new ApiError(
        `The model ${name} takes ${bytes} bytes, and this server has ${memoryBytes} for models.`,
        { status: 503, param: 'model', reason: 'model_too_large' },
      );
    while (this.loaded.reduce((sum, each) => sum + each.bytes, bytes) > memoryBytes) {
      const [idle] = [...this.#entries.values()]
        .filter(({ loaded, users }) => loaded && users === 0)
        .sort((a, b) => a.lastUse - b.lastUse);
      if (idle) await this.#unload(idle);
      else await new Promise<void>((resolve) => (this.#released = resolve));
    }
  }

  async #unload(entry: Entry): Promise<void> {
    const { loaded } = entry;
    entry.loaded = undefined;
    await loaded?.model.dispose();
  }
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
