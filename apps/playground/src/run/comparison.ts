import { type Readable, writable } from 'svelte/store';
import { type Failure, failureOf, type TellFailure } from '../model-loading/failure.js';
import type { PolicyChoice, Settings } from '../settings/settings.js';
import { race } from './race.js';
import { type FinishedRun, type Run, type StepRecord, totals } from './step-record.js';

export interface Lane {
  readonly title: string;
  readonly policy: PolicyChoice;
  readonly steps: readonly StepRecord[];
  readonly finished?: FinishedRun;
}

export interface ComparisonState {
  readonly status: 'idle' | 'running' | 'done' | 'stopped' | 'failed';
  readonly lanes: readonly Lane[];
  /** What the lanes are drawn with, each with a policy of its own; undefined before the first race. */
  readonly settings?: Settings;
  /** Undefined, too, where it failed for want of the model, which says so itself. */
  readonly failure?: Failure;
}

type BeginLane = (settings: Settings, signal: AbortSignal) => Run | Promise<Run>;

/** Races several policies for the same picture. */
export class Comparison {
  readonly state: Readable<ComparisonState>;
  readonly #set: (state: ComparisonState) => void;
  readonly #tell: TellFailure;
  /** The race under way. */
  #current: AbortController | undefined;
  #again: (() => Promise<void>) | undefined;
  #wantsModel = false;

  /** @param tell what is said of each error that ends a race */
  constructor(tell: TellFailure = failureOf) {
    const store = writable<ComparisonState>({ status: 'idle', lanes: [] });
    this.state = store;
    this.#set = store.set;
    this.#tell = tell;
  }

  get running(): boolean {
    return this.#current !== undefined;
  }

  /** Whether the last race failed for want of the model, and is to begin again when there is one. */
  get wantsModel(): boolean {
    return this.#wantsModel;
  }

  async start(
    settings: Settings,
    entries: readonly Pick<Lane, 'title' | 'policy'>[],
    begin: BeginLane,
  ): Promise<void> {
    this.stop();
    this.#again = () => this.start(settings, entries, begin);
    const controller = new AbortController();
    this.#current = controller;
    const { signal } = controller;
    const lanes: Lane[] = entries.map(({ title, policy }) => ({ title, policy, steps: [] }));
    const update = (status: ComparisonState['status'], failure?: Failure): void => {
      if (this.#current !== controller) return;
      if (status !== 'running') this.#current = undefined;
      this.#set({ status, settings, lanes: [...lanes], ...(failure ? { failure } : {}) });
    };
    signal.addEventListener('abort', () => update('stopped'), { once: true });
    update('running');
    try {
      const runs = await Promise.all(lanes.map(({ policy }) => begin({ ...settings, policy }, signal)));
      for await (const event of race(runs)) {
        if (signal.aborted) return;
        const lane = lanes[event.lane]!;
        lanes[event.lane] =
          event.type === 'step'
            ? { ...lane, steps: [...lane.steps, event.step] }
            : { ...lane, finished: event.run };
        update('running');
      }
      update('done');
    } catch (error) {
      if (signal.aborted) return;
      const failure = this.#tell(error);
      this.#wantsModel = failure === undefined;
      update('failed', failure);
    }
  }

  /** Begins the last race once more. */
  again(): void {
    void this.#again?.();
  }

  /** Stops, and forgets the race that is there. */
  clear(): void {
    this.stop();
    this.#set({ status: 'idle', lanes: [] });
  }

  stop(): void {
    this.#wantsModel = false;
    this.#current?.abort(new DOMException('Stopped.', 'AbortError'));
  }
}

/** How many times as fast as the first lane; undefined until both are finished. */
export function speedUp(lanes: readonly Lane[], lane: Lane): number | undefined {
  const [first] = lanes;
  if (!first?.finished || !lane.finished) return undefined;
  return totals(first.steps).milliseconds / totals(lane.steps).milliseconds;
}
