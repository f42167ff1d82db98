import type { CancellationSignal } from '@tessera/core/model';

const listenersOf = new WeakMap<CancellationSignal, Set<() => void>>();

/**
 * Calls `listener` when `signal` is aborted. However many calls share a signal, it gets one listener: Node warns of a leak
 * at the eleventh.
 *
 * @returns a function that withdraws the listener
 */
export function onAbort(signal: CancellationSignal | undefined, listener: () => void): () => void {
  if (!signal) return () => {};
  const listeners = listenersOf.get(signal) ?? new Set();
  const callAll = (): void => {
    for (const each of [...listeners]) each();
  };
  if (!listenersOf.has(signal)) {
    listenersOf.set(signal, listeners);
    signal.addEventListener('abort', callAll, { once: true });
  }
  // A function of its own, for the same one may be given twice.
  const own = (): void => listener();
  listeners.add(own);
  return () => void listeners.delete(own);
}
