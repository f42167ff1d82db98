import { type Readable, writable } from 'svelte/store';
import { type Failure, failureOf, type TellFailure } from '../model-loading/failure.js';
import type { Settings } from '../settings/settings.js';
import type { FinishedRun, Run, StepRecord } from './step-record.js';

/** One picture as far as it has come. */
export interface PictureState {
  readonly status: 'idle' | 'running' | 'done' | 'stopped' | 'failed';
  readonly steps: readonly StepRecord[];
  /** What it is made with; undefined before the first run. */
  readonly settings?: Settings;
  readonly finished?: FinishedRun;
  /** Undefined, too, where it failed for want of the model, which says so itself. */
  readonly failure?: Failure;
}

type BeginPicture = (signal: AbortSignal) => Run | Promise<Run>;

/** Makes one picture at a time and tells how far it is. */
export class PictureRun {
  readonly state: Readable<PictureState>;
  readonly #set: (state: PictureState) => void;
  readonly #tell: TellFailure;
  /** The run under way. */
  #current: AbortController | undefined;
  #again: (() => Promise<void>) | undefined;
  #wantsModel = false;

  /** @param tell what is said of each error that ends a run */
  constructor(tell: TellFailure = failureOf) {
    const store = writable<PictureState>({ status: 'idle', steps: [] });
    this.state = store;
    this.#set = store.set;
    this.#tell = tell;
  }

  get running(): boolean {
    return this.#current !== undefined;
  }

  /** Whether the last picture failed for want of the model, and is to begin again when there is one. */
  get wantsModel(): boolean {
    return this.#wantsModel;
  }

  /** Begins a picture; one that is under way is stopped. Resolves when this one ends, however it does. */
  async start(settings: Settings, begin: BeginPicture): Promise<void> {
    this.stop();
    this.#again = () => this.start(settings, begin);
    const controller = new AbortController();
    this.#current = controller;
    const { signal } = controller;
    let state: PictureState = { status: 'running', steps: [], settings };
    const update = (change: Partial<PictureState>): void => {
      state = { ...state, ...change };
      if (this.#current !== controller) return;
      if (state.status !== 'running') this.#current = undefined;
      this.#set(state);
    };
    signal.addEventListener('abort', () => update({ status: 'stopped' }), { once: true });
    update({});
    try {
      const run = await begin(signal);
      for (;;) {
        signal.throwIfAborted();
        const { done, value } = await run.next();
        if (signal.aborted) break;
        if (done) {
          update({ status: 'done', finished: value });
          break;
        }
        update({ steps: [...state.steps, value] });
      }
    } catch (error) {
      if (signal.aborted) return;
      const failure = this.#tell(error);
      this.#wantsModel = failure === undefined;
      update({ status: 'failed', ...(failure ? { failure } : {}) });
    }
  }

  /** Begins the last picture once more. */
  again(): void {
    void this.#again?.();
  }

  /** Shows a picture that was finished before, without its steps. */
  show(settings: Settings, finished: FinishedRun): void {
    this.stop();
    this.#set({ status: 'done', steps: [], settings, finished });
  }

  /** Stops and forgets what is there. */
  clear(): void {
    this.stop();
    this.#set({ status: 'idle', steps: [] });
  }

  /** Stops at once, for good where it wants the model; what is there stays. */
  stop(): void {
    this.#wantsModel = false;
    this.#current?.abort(new DOMException('Stopped.', 'AbortError'));
  }
}
