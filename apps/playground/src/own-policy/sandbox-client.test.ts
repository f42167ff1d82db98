import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OwnCodeError } from './own-code-error.js';
import { SandboxClient, type SandboxPort } from './sandbox-client.js';
import type { FromSandbox, ToSandbox } from './sandbox-protocol.js';

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
  const sent: ToSandbox[] = [];
  const state = { hangs: false, killed: 0 };
  const port: SandboxPort = {
    onmessage: null,
    postMessage(message) {
      sent.push(message as ToSandbox);
      if ((message as ToSandbox).type === 'ping' && !state.hangs) answer({ type: 'pong' });
    },
  };
  const answer = (data: FromSandbox) => port.onmessage?.({ data } as MessageEvent<FromSandbox>);
  const client = new SandboxClient(port, () => state.killed++);
  return { client, sent, state, answer };
}

describe('the page’s end of the sandbox', () => {
  it('brings each answer to its call, and an error with its line', async () => {
    const { client, answer } = sandbox();
    const first = client.call('load', { code: 'a' });
    const second = client.call('check', {});
    answer({ type: 'error', id: 1, message: 'No.', line: 4 });
    answer({ type: 'result', id: 0, value: { name: 'a' } });
    expect(await first).toEqual({ name: 'a' });
    await expect(second).rejects.toMatchObject({ message: 'No.', line: 4 });
  });

  it('tells an error of the library from one that came about in the user’s code', async () => {
    const { client, answer } = sandbox();
    const lost = client.call('next', {});
    const own = client.call('next', {});
    answer({ type: 'error', id: 0, message: 'Gone.', code: 'device-lost' });
    answer({ type: 'error', id: 1, message: 'No.', code: 'invalid-option', line: 2 });
    await expect(lost).rejects.toMatchObject({ code: 'device-lost', message: 'Gone.' });
    await expect(own).rejects.toBeInstanceOf(OwnCodeError);
  });

  it('stops code that does not come back, and says so', async () => {
    const { client, state } = sandbox();
    state.hangs = true;
    const call = client.call('check', {});
    const failed = expect(call).rejects.toThrow(/3 seconds .* loop/);
    await vi.advanceTimersByTimeAsync(4000);
    await failed;
    expect(state.killed).toBe(1);
    await expect(client.call('check', {})).rejects.toBeInstanceOf(OwnCodeError);
  });

  it('waits for as long as the code answers in between', async () => {
    const { client, state, answer } = sandbox();
    const call = client.call('next', {});
    await vi.advanceTimersByTimeAsync(60_000);
    expect(state.killed).toBe(0);
    answer({ type: 'result', id: 0, value: { done: true } });
    expect(await call).toEqual({ done: true });
  });

  it('takes a tick that comes late, after the machine was asleep, for no endless loop', async () => {
    const { client, state, answer } = sandbox();
    const call = client.call('next', {});
    await vi.advanceTimersByTimeAsync(1000);
    // Asleep with a ping under way: its answer is heard after the tick.
    state.hangs = true;
    await vi.advanceTimersByTimeAsync(250);
    sleep(60_000);
    await vi.advanceTimersByTimeAsync(250);
    expect(state.killed).toBe(0);
    state.hangs = false;
    answer({ type: 'pong' });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(state.killed).toBe(0);
    // One that hangs after all is still found out.
    state.hangs = true;
    const failed = expect(call).rejects.toThrow(/loop/);
    await vi.advanceTimersByTimeAsync(4000);
    await failed;
  });

  it('asks nothing of an idle sandbox', async () => {
    const { client, sent, answer } = sandbox();
    const call = client.call('check', {});
    answer({ type: 'result', id: 0, value: [] });
    await call;
    const before = sent.length;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent).toHaveLength(before);
  });
});
