import type { Port } from '@tessera/onnx';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OwnCodeError } from './own-code-error.js';
import { SandboxCaller } from './sandbox-caller.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** The clock goes on and no timer comes. */
function sleep(milliseconds: number): void {
  const now = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => now() + milliseconds);
}

/** A sandbox whose answers the test gives; pings are answered unless it hangs. */
function sandbox() {
  const state = { hangs: false, pings: 0, kill: vi.fn(), pong: () => {} };
  let answer: Parameters<Port['listen']>[0] = () => {};
  const port: Port = {
    send() {},
    listen(listener) {
      answer = listener;
    },
  };
  const ping = () => {
    state.pings++;
    return state.hangs
      ? new Promise<undefined>((resolve) => (state.pong = () => resolve(undefined)))
      : Promise.resolve(undefined);
  };
  const pings = { call: ping } as unknown as ConstructorParameters<typeof SandboxCaller>[1];
  const caller = new SandboxCaller(port, pings, state.kill);
  const failed = (id: number, message: string, fields: object, code?: string) =>
    answer({ rpc: 'error', id, error: { name: 'Error', message, fields, code } });
  return {
    caller,
    state,
    failed,
    done: (id: number, value?: unknown) => answer({ rpc: 'result', id, value }),
  };
}

describe('the page’s end of the sandbox', () => {
  it('tells an error of the library from one that came about in the user’s code', async () => {
    const { caller, failed } = sandbox();
    const lost = caller.call('next', {});
    const own = caller.call('next', {});
    const plain = caller.call('next', {});
    failed(0, 'Gone.', {}, 'device-lost');
    failed(1, 'No.', { line: 2 }, 'invalid-option');
    failed(2, 'No.', {});
    await expect(lost).rejects.toMatchObject({ code: 'device-lost', message: 'Gone.' });
    await expect(own).rejects.toMatchObject({ name: 'OwnCodeError', message: 'No.', line: 2 });
    await expect(plain).rejects.toBeInstanceOf(OwnCodeError);
  });

  it('stops code that does not come back, and says so', async () => {
    const { caller, state } = sandbox();
    state.hangs = true;
    const failed = expect(caller.call('check', {})).rejects.toThrow(/3 seconds .* loop/);
    await vi.advanceTimersByTimeAsync(4000);
    await failed;
    expect(state.kill).toHaveBeenCalledTimes(1);
    await expect(caller.call('check', {})).rejects.toBeInstanceOf(OwnCodeError);
  });

  it('waits for as long as the code answers in between', async () => {
    const { caller, state, done } = sandbox();
    const call = caller.call('next', {});
    await vi.advanceTimersByTimeAsync(60_000);
    expect(state.kill).not.toHaveBeenCalled();
    done(0, { done: true });
    expect(await call).toEqual({ done: true });
  });

  it('takes a tick that comes late, after the machine was asleep, for no endless loop', async () => {
    const { caller, state } = sandbox();
    const call = caller.call('next', {});
    await vi.advanceTimersByTimeAsync(1000);
    // Asleep with a ping under way: its answer is heard after the tick.
    state.hangs = true;
    await vi.advanceTimersByTimeAsync(250);
    sleep(60_000);
    const { pong } = state;
    await vi.advanceTimersByTimeAsync(250);
    expect(state.kill).not.toHaveBeenCalled();
    state.hangs = false;
    pong();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(state.kill).not.toHaveBeenCalled();
    // One that hangs after all is still found out.
    state.hangs = true;
    const failed = expect(call).rejects.toThrow(/loop/);
    await vi.advanceTimersByTimeAsync(4000);
    await failed;
  });

  it('asks nothing of an idle sandbox', async () => {
    const { caller, state, done } = sandbox();
    const call = caller.call('check', {});
    done(0, []);
    await call;
    const before = state.pings;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(state.pings).toBe(before);
  });
});
