import { type Readable, writable } from 'svelte/store';
import { type Failure, failureOf } from '../model-loading/failure.js';
import type { PolicyChoice } from '../settings/settings.js';
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
  readonly failure?: Failure;
}

/** Races several policies for the same picture. */
export class Comparison {
  readonly state: Readable<ComparisonState>;
  readonly #set: (state: ComparisonState) => void;
  #current: AbortController | undefined;

  constructor() {
    const store = writable<ComparisonState>({ status: 'idle', lanes: [] });
    this.state = store;
    this.#set = store.set;
  }

  async start(
    entries: readonly Pick<Lane, 'title' | 'policy'>[],
    begin: (policy: PolicyChoice, signal: AbortSignal) => Run | Promise<Run>,
  ): Promise<void> {
    this.stop();
    const controller = new AbortController();
    this.#current = controller;
    const { signal } = controller;
    const lanes: Lane[] = entries.map(({ title, policy }) => ({ title, policy, steps: [] }));
    const update = (status: ComparisonState['status'], failure?: Failure): void => {
      if (this.#current === controller)
        this.#set({ status, lanes: [...lanes], ...(failure ? { failure } : {}) });
    };
    signal.addEventListener('abort', () => update('stopped'), { once: true });
    update('running');
    try {
      const runs = await Promise.all(lanes.map(({ policy }) => begin(policy, signal)));
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
      if (!signal.aborted) update('failed', failureOf(error));
    }
  }

  stop(): void {
    this.#current?.abort(new DOMException('Stopped.', 'AbortError'));
    this.#current = undefined;
  }
}

/** How many times faster than the first lane; undefined until both are finished. */
export function speedUp(lanes: readonly Lane[], lane: Lane): number | undefined {
  const [first] = lanes;
  if (!first?.finished || !lane.finished) return undefined;
  return totals(first.steps).milliseconds / totals(lane.steps).milliseconds;
}
