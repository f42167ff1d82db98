import { expect, it, vi } from 'vitest';
import { onAbort } from './abort-listener.js';

it('calls however many listeners of a signal by one listener, but those that were withdrawn', () => {
  const controller = new AbortController();
  const added = vi.spyOn(controller.signal, 'addEventListener');
  const called: number[] = [];
  const withdrawals = Array.from({ length: 11 }, (_, i) => onAbort(controller.signal, () => called.push(i)));
  expect(added).toHaveBeenCalledTimes(1);
  withdrawals[3]!();
  withdrawals[3]!();
  controller.abort();
  expect(called).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9, 10]);
});

it('withdraws one of two equal listeners', () => {
  const controller = new AbortController();
  const listener = vi.fn();
  onAbort(controller.signal, listener);
  onAbort(controller.signal, listener)();
  controller.abort();
  expect(listener).toHaveBeenCalledTimes(1);
});

it('does nothing without a signal', () => {
  expect(() => onAbort(undefined, () => {})()).not.toThrow();
});
