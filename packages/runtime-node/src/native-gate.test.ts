import { expect, it, vi } from 'vitest';
import { NativeGate } from './native-gate.js';

it('ends the thread once the last of the calls under way is done, and begins none after it was closed', async () => {
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  const gate = new NativeGate();
  gate.leave();
  const ends: (() => void)[] = [];
  const call = vi.fn(() => new Promise<void>((resolve) => ends.push(resolve)));
  const calls = [gate.pass(call), gate.pass(call)];
  expect(gate.close()).toBe(true);
  void gate.pass(call);
  expect(call).toHaveBeenCalledTimes(2);
  ends[0]!();
  await calls[0];
  expect(exit).not.toHaveBeenCalled();
  expect(gate.close()).toBe(true);
  ends[1]!();
  await calls[1];
  expect(exit).toHaveBeenCalledTimes(1);
  expect(gate.close()).toBe(false);
  exit.mockRestore();
});
