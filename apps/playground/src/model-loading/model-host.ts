import { TesseraError } from '@tessera/core';
import type { Capabilities, LoadedModel, LoadProgress } from '@tessera/runtime-web';
import { get, type Readable, writable } from 'svelte/store';
import type { DeviceChoice } from './device-choice.js';
import { type Failure, failureOf } from './failure.js';
import type { ModelLocation } from './model-location.js';
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
  | { readonly phase: 'failed'; readonly failure: Failure; readonly error: unknown };

/** How the host loads a model: given by the page, so that a test can give another. */
export interface ModelSource {
  /** The packages that draw, and their versions, for recipes. */
  readonly versions: Readonly<Record<string, string>>;
  probe(): Promise<Capabilities>;
  load(
    location: ModelLocation,
    choice: DeviceChoice,
    capabilities: Capabilities,
    observers: { readonly signal: AbortSignal; onProgress(progress: LoadProgress): void },
  ): Promise<LoadedModel>;
  online(): boolean;
  /** Whether the user asked the browser for as little traffic as can be. */
  savesData(): boolean;
}

/** After these a model answers no more. */
const LOST: readonly string[] = ['device-lost', 'worker-ended', 'model-disposed'];

interface Loading {
  readonly location: ModelLocation;
  readonly choice: DeviceChoice;
  readonly model: Promise<LoadedModel>;
  /** Aborted where another model or device was chosen meanwhile. */
  readonly signal: AbortSignal;
}

/** The one model of the page: loaded once, kept until another model or device is chosen. */
export class ModelHost {
  readonly #state = writable<ModelState>({ phase: 'idle' });
  readonly state: Readable<ModelState> = this.#state;
  readonly #source: ModelSource;
  #loading: Loading | undefined;
  #stop = new AbortController();

  constructor(source: ModelSource) {
    this.#source = source;
  }

  /** The model of a location on the given device; the one there is, where it was loaded for that. */
  get(choice: DeviceChoice, location: ModelLocation): Promise<LoadedModel> {
    if (this.#loading?.choice !== choice || this.#loading.location !== location)
      this.#begin(choice, location);
    return this.#newest(this.#loading!);
  }

  /** Whoever waits for a model that is replaced waits for the one that replaces it. */
  async #newest(loading: Loading): Promise<LoadedModel> {
    try {
      return await loading.model;
    } catch (error) {
      if (this.#loading && loading.signal.aborted) return this.#newest(this.#loading);
      throw error;
    }
  }

  #begin(choice: DeviceChoice, location: ModelLocation): void {
    const before = this.#loading?.model;
    this.#stop.abort(new DOMException('Another model or device was chosen.', 'AbortError'));
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    const model = this.#load(location, choice, signal, before);
    this.#loading = { location, choice, model, signal };
    model.catch(() => {
      // The next try begins anew.
      if (this.#loading?.model === model) this.#loading = undefined;
    });
  }

  /** Gives up the model where an error says that it, its device or its worker is gone: the next `get` loads it again. */
  forgetLost(error: unknown): void {
    const state = get(this.state);
    if (state.phase !== 'ready' || !TesseraError.isInstance(error) || !LOST.includes(error.code)) return;
    this.#loading = undefined;
    this.#state.set({ phase: 'idle' });
    state.model.dispose().catch(() => undefined);
  }

  /** Whether the state shows this error already: no model could be loaded. */
  shows(error: unknown): boolean {
    const state = get(this.state);
    return state.phase === 'failed' && state.error === error;
  }

  async #load(
    location: ModelLocation,
    choice: DeviceChoice,
    signal: AbortSignal,
    before: Promise<LoadedModel> | undefined,
  ): Promise<LoadedModel> {
    this.#state.set({ phase: 'loading', step: 'begin', loadedBytes: 0, totalBytes: 0 });
    try {
      // One copy of the weights at a time: phones have little memory.
      await (await before?.catch(() => undefined))?.dispose();
      signal.throwIfAborted();
      const capabilities = await this.#source.probe();
      const model = await this.#source.load(location, choice, capabilities, {
        signal,
        onProgress: ({ phase, loadedBytes, totalBytes }) => {
          if (!signal.aborted) this.#state.set({ phase: 'loading', step: phase, loadedBytes, totalBytes });
        },
      });
      if (signal.aborted) await model.dispose();
      signal.throwIfAborted();
      this.#state.set({ phase: 'ready', model, notes: modelNotes(model, capabilities, choice) });
      return model;
    } catch (error) {
      const failure = failureOf(error, this.#source.online());
      if (!signal.aborted) this.#state.set({ phase: 'failed', failure, error });
      throw error;
    }
  }
}
