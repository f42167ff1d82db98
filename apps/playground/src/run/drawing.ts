import { type Readable, writable } from 'svelte/store';
import { type DescribeFailure, type Failure, failureOf } from '../model-loading/failure.js';
import type { Settings } from '../settings/settings.js';

/** How far a drawing is. */
export interface DrawingState {
  readonly status: 'idle' | 'running' | 'done' | 'stopped' | 'failed';
  /** What it is made with; undefined before the first one. */
  readonly settings?: Settings;
  /** Undefined, too, where it failed for want of the model, which shows its own failure. */
  readonly failure?: Failure;
}

/** Draws one thing at a time: a picture, or several in a race. `Content` is what has been drawn of it. */
export class Drawing<Content extends object> {
  readonly #empty: Content;
  readonly #state;
  readonly state: Readable<DrawingState & Content>;
  readonly #describe: DescribeFailure;
  /** The drawing under way. */
  #current: AbortController | undefined;
  #again: (() => Promise<void>) | undefined;
  #wantsModel = false;

  constructor(empty: Content, describe: DescribeFailure = failureOf) {
    this.#empty = empty;
    this.#state = writable<DrawingState & Content>({ status: 'idle', ...empty });
    this.state = this.#state;
    this.#describe = describe;
  }

  get running(): boolean {
    return this.#current !== undefined;
  }

  /** Whether the last drawing failed for want of the model, and is to begin again when there is one. */
  get wantsModel(): boolean {
    return this.#wantsModel;
  }

  /**
   * Begins a drawing; one that is under way is stopped. Resolves when this one ends, however it does.
   *
   * @param draw reports what has been drawn so far to `update`, and resolves with what is drawn at its end
   */
  protected async draw(
    settings: Settings,
    draw: (signal: AbortSignal, update: (change: Partial<Content>) => void) => Promise<Partial<Content>>,
  ): Promise<void> {
    this.stop();
    this.#again = () => this.draw(settings, draw);
    const controller = new AbortController();
    this.#current = controller;
    const { signal } = controller;
    let content = this.#empty;
    const update = (status: DrawingState['status'], change: Partial<Content>, failure?: Failure): void => {
      content = { ...content, ...change };
      if (this.#current !== controller) return;
      if (status !== 'running') this.#current = undefined;
      this.#state.set({ status, settings, ...(failure ? { failure } : {}), ...content });
    };
    signal.addEventListener('abort', () => update('stopped', {}), { once: true });
    update('running', {});
    try {
      update('done', await draw(signal, (change) => update('running', change)));
    } catch (error) {
      if (signal.aborted) return;
      const failure = this.#describe(error);
      this.#wantsModel = failure === undefined;
      update('failed', {}, failure);
    }
  }

  /** Begins the last drawing once more. */
  again(): void {
    void this.#again?.();
  }

  /** Stops, and shows something that was drawn before. */
  protected replace(state: DrawingState, content: Partial<Content> = {}): void {
    this.stop();
    this.#state.set({ ...state, ...this.#empty, ...content });
  }

  /** Stops, and forgets what is there. */
  clear(): void {
    this.replace({ status: 'idle' });
  }

  /** Stops at once, for good where it wants the model; what is there stays. */
  stop(): void {
    this.#wantsModel = false;
    this.#current?.abort(new DOMException('Stopped.', 'AbortError'));
  }
}
