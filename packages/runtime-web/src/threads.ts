import type { WebScope } from './gpu.js';

/** More threads than this gain little on models of this kind and take memory each. */
const MOST_THREADS = 8;

/** How many CPU threads WebAssembly can have here, and why no more than one if so. */
export function availableThreads(scope: WebScope): { readonly count: number; readonly reason?: string } {
  if (!scope.crossOriginIsolated || !scope.SharedArrayBuffer) {
    return { count: 1, reason: 'Threads need a cross-origin isolated page.' };
  }
  const count = Math.min(scope.navigator.hardwareConcurrency ?? 1, MOST_THREADS);
  return count > 1 ? { count } : { count, reason: 'The browser says that there is one processor.' };
}
