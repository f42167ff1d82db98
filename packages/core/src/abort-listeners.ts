import type { CancellationSignal } from './cancellation.js';

interface Listening {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

const listening = new WeakMap<CancellationSignal, Listening>();

/**
 * Calls `callback` once the signal is aborted. All callbacks of a signal share one listener: a signal may cancel any number
 * of calls, and Node warns of a leak at the eleventh listener.
 *
 * @param signal undefined: nothing is ever called
 * @returns stops it
 */
export function onAbort(signal: CancellationSignal | undefined, callback: () => void): () => void {
  if (!signal) return () => {};
  const entry = listening.get(signal) ?? listen(signal);
  // An own function, since two calls may share a callback.
  const own = (): void => callback();
  entry.callbacks.add(own);
  return () => {
    entry.callbacks.delete(own);
    if (entry.callbacks.size > 0 || listening.get(signal) !== entry) return;
    signal.removeEventListener('abort', entry.listener);
    listening.delete(signal);
  };
}

function listen(signal: CancellationSignal): Listening {
  const callbacks = new Set<() => void>();
  const listener = (): void => {
    listening.delete(signal);
    for (const callback of callbacks) callback();
  };
  const entry = { callbacks, listener };
  listening.set(signal, entry);
  signal.addEventListener('abort', listener, { once: true });
  return entry;
}
