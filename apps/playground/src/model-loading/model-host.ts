import type { Capabilities, LoadedModel, LoadProgress } from '@tessera/runtime-web';
import { type Readable, writable } from 'svelte/store';
import type { DeviceChoice } from './device-choice.js';
import { type Failure, failureOf } from './failure.js';
import { modelNotes } from './model-notes.js';

export type ModelState =
  | { readonly phase: 'idle' }
  | {
      readonly phase: 'loading';
      readonly step: 'begin' | LoadProgress['phase'];
      readonly loadedBytes: number;
      /** 0 while it is not known yet. */
      readonly totalBytes: number;
    }
  | { readonly phase: 'ready'; readonly model: LoadedModel; readonly notes: readonly string[] }
  | { readonly phase: 'failed'; readonly failure: Failure };

/** How the host loads a model: given by the page, so that a test can give another. */
export interface ModelSource {
  probe(): Promise<Capabilities>;
  load(
    choice: DeviceChoice,
    capabilities: Capabilities,
    observers: { readonly signal: AbortSignal; onProgress(progress: LoadProgress): void },
  ): Promise<LoadedModel>;
  online(): boolean;
}

/** The one model of the page: loaded once, kept until another device is chosen. */
export class ModelHost {
  readonly state: Readable<ModelState>;
  readonly #set: (state: ModelState) => void;
  readonly #source: ModelSource;
  #loading: { readonly choice: DeviceChoice; readonly model: Promise<LoadedModel> } | undefined;
  #stop = new AbortController();

  constructor(source: ModelSource) {
    const store = writable<ModelState>({ phase: 'idle' });
    this.state = store;
    this.#set = store.set;
    this.#source = source;
  }

  /** The model on the given device; the one there is, where it was loaded for that. */
  get(choice: DeviceChoice): Promise<LoadedModel> {
    if (this.#loading?.choice === choice) return this.#loading.model;
    const before = this.#loading?.model;
    this.#stop.abort(new DOMException('Another device was chosen.', 'AbortError'));
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    const model = this.#load(choice, signal, before);
    this.#loading = { choice, model };
    model.catch(() => {
      // The next try begins anew.
      if (this.#loading?.model === model) this.#loading = undefined;
    });
    return model;
  }

  /** Gives up the model, as after the loss of its device: the next `get` loads it again. */
  async forget(): Promise<void> {
    const before = this.#loading?.model;
    this.#loading = undefined;
    this.#set({ phase: 'idle' });
    await (await before?.catch(() => undefined))?.dispose();
  }

  async #load(
    choice: DeviceChoice,
    signal: AbortSignal,
    before: Promise<LoadedModel> | undefined,
  ): Promise<LoadedModel> {
    this.#set({ phase: 'loading', step: 'begin', loadedBytes: 0, totalBytes: 0 });
    try {
      // One copy of the weights at a time: phones have little memory.
      await (await before?.catch(() => undefined))?.dispose();
      signal.throwIfAborted();
      const capabilities = await this.#source.probe();
      const model = await this.#source.load(choice, capabilities, {
        signal,
        onProgress: ({ phase, loadedBytes, totalBytes }) => {
          if (!signal.aborted) this.#set({ phase: 'loading', step: phase, loadedBytes, totalBytes });
        },
      });
      this.#set({ phase: 'ready', model, notes: modelNotes(model, capabilities, choice) });
      return model;
    } catch (error) {
      if (!signal.aborted) this.#set({ phase: 'failed', failure: failureOf(error, this.#source.online()) });
      throw error;
    }
  }
}
