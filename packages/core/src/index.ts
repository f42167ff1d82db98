export { type CancellationSignal, throwIfAborted } from './cancellation.js';
export type { Conditions } from './conditions.js';
