import type { PolicyFinding } from '@tessera/core/testing';
import { type Readable, writable } from 'svelte/store';
import type { TellFailure } from '../model-loading/failure.js';
import { Comparison } from '../run/comparison.js';

export interface TrialState {
  readonly status: 'idle' | 'checking' | 'checked';
  readonly findings?: readonly PolicyFinding[];
  /** Why the code could not be checked. */
  readonly problem?: { readonly message: string; readonly line?: number | undefined };
}

/** How a policy's source is checked: given by a test, otherwise the sandbox, loaded when it is needed. */
export type CheckSource = (source: string, signal: AbortSignal) => Promise<readonly PolicyFinding[]>;

const inSandbox: CheckSource = async (source, signal) => {
  const { checkOwn } = await import('./check-own.js');
  return checkOwn(source, signal);
};

/** What comes of the user's policy: the findings of its check, then its race against another. */
export class PolicyTrial {
  readonly state: Readable<TrialState>;
  readonly race: Comparison;
  readonly #set: (state: TrialState) => void;
  #current: AbortController | undefined;

  constructor(tell: TellFailure) {
    const store = writable<TrialState>({ status: 'idle' });
    this.state = store;
    this.#set = store.set;
    this.race = new Comparison(tell);
  }

  /** @returns whether it can be drawn with: false, too, where the check was stopped */
  async check(source: string, check: CheckSource = inSandbox): Promise<boolean> {
    this.stop();
    // The race that is there was another policy's.
    this.race.clear();
    const controller = new AbortController();
    this.#current = controller;
    this.#set({ status: 'checking' });
    const outcome = await check(source, controller.signal).then(
      (findings) => ({ findings }),
      ({ message, line }: Error & { line?: number }) => ({ problem: { message, line } }),
    );
    if (this.#current !== controller) return false;
    this.#current = undefined;
    this.#set({ status: 'checked', ...outcome });
    return 'findings' in outcome && outcome.findings.every(({ severity }) => severity !== 'error');
  }

  stop(): void {
    this.race.stop();
    if (!this.#current) return;
    this.#current.abort(new DOMException('Stopped.', 'AbortError'));
    this.#current = undefined;
    this.#set({ status: 'idle' });
  }

  /** The code was changed: what was found is of another. */
  forgetFindings(): void {
    if (this.#current) return;
    this.#set({ status: 'idle' });
    this.race.clear();
  }
}
