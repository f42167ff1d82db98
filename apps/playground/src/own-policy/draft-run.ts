import type { PolicyFinding } from '@tessera/core/testing';
import { type Readable, writable } from 'svelte/store';
import type { DescribeFailure } from '../model-loading/failure.js';
import { Comparison } from '../run/comparison.js';

export interface DraftRunState {
  readonly status: 'idle' | 'checking' | 'checked';
  readonly findings?: readonly PolicyFinding[];
  /** Why the code could not be checked. */
  readonly problem?: { readonly message: string; readonly line?: number | undefined };
}

/** How a policy's source is checked: given by a test, otherwise the sandbox, loaded when it is needed. */
export type CheckSource = (source: string, signal: AbortSignal) => Promise<readonly PolicyFinding[]>;

const inSandbox: CheckSource = async (source, signal) => {
  const { checkOwn } = await import('./policy-sandbox.js');
  return checkOwn(source, signal);
};

/** A run of the user's draft: the findings of its check, then its race against another policy. */
export class DraftRun {
  readonly #state = writable<DraftRunState>({ status: 'idle' });
  readonly state: Readable<DraftRunState> = this.#state;
  readonly race: Comparison;
  #current: AbortController | undefined;

  constructor(describe: DescribeFailure) {
    this.race = new Comparison(describe);
  }

  /** @returns whether it can be drawn with: false, too, where the check was stopped */
  async check(source: string, check: CheckSource = inSandbox): Promise<boolean> {
    this.stop();
    // The race that is there was another policy's.
    this.race.clear();
    const controller = new AbortController();
    this.#current = controller;
    this.#state.set({ status: 'checking' });
    const outcome = await check(source, controller.signal).then(
      (findings) => ({ findings }),
      ({ message, line }: Error & { line?: number }) => ({ problem: { message, line } }),
    );
    if (this.#current !== controller) return false;
    this.#current = undefined;
    this.#state.set({ status: 'checked', ...outcome });
    return 'findings' in outcome && outcome.findings.every(({ severity }) => severity !== 'error');
  }

  stop(): void {
    this.race.stop();
    if (!this.#current) return;
    this.#current.abort(new DOMException('Stopped.', 'AbortError'));
    this.#current = undefined;
    this.#state.set({ status: 'idle' });
  }

  /** The code was changed: what was found is of another. */
  forgetFindings(): void {
    if (this.#current) return;
    this.#state.set({ status: 'idle' });
    this.race.clear();
  }
}
