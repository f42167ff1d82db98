import type { CancellationSignal } from '../cancellation.js';

/** An AbortController made of the language alone: hosts without one can schedule too. */
export class CancellationSource implements CancellationSignal {
  aborted = false;
  reason: unknown;
  readonly #listeners = new Set<() => void>();

  /** @param reason what those reject with who look at the signal */
  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    for (const listener of [...this.#listeners]) listener();
  }

  addEventListener(_: 'abort', listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
  }
}
