import { EventEmitter, getEventListeners } from 'node:events';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { TesseraError } from '@tessera/core';
import { expect, it, vi } from 'vitest';
import type { Port } from './port.js';
import { answerCalls, type CallContext, Caller } from './rpc.js';

interface Calls {
  echo: { arguments: { value: unknown }; result: unknown };
  slow: { arguments: Record<string, never>; result: number };
  note: { arguments: { text: string }; result: undefined };
}

const portOf = (port: MessagePort): Port => ({
  send: (message, transfer) => port.postMessage(message, transfer as ArrayBuffer[]),
  listen: (listener) => port.on('message', listener).unref(),
});

function connected(slow: (context: CallContext) => Promise<number> = async () => 1) {
  const { port1, port2 } = new MessageChannel();
  const notes: string[] = [];
  const stop = answerCalls<Calls>(portOf(port2), {
    echo: async ({ value }) => value,
    slow: (_, context) => slow(context),
    async note({ text }) {
      notes.push(text);
      throw new Error('nobody hears of it');
    },
  });
  const keepAlive = vi.fn();
  const caller = new Caller<Calls>({ ...portOf(port1), keepAlive });
  return { caller, keepAlive, notes, stop, port1, port2 };
}

/** Ends when its signal is aborted. */
const untilAborted = ({ signal }: CallContext): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

it('gives results, and errors with their code', async () => {
  const { caller } = connected(() => Promise.reject(new TesseraError('busy', 'No time.')));
  expect(await caller.call('echo', { value: Float32Array.of(1, 2) })).toEqual(Float32Array.of(1, 2));
  await expect(caller.call('slow', {})).rejects.toMatchObject({ code: 'busy', message: 'No time.' });
  await expect(
    new Caller<{ none: Calls['slow'] }>(portOf(connected().port1)).call('none', {}),
  ).rejects.toMatchObject({
    code: 'unknown-call',
  });
});

it('copies what user interfaces wrap in proxies', async () => {
  const { caller } = connected();
  const list = new Proxy([1, 2], {});
  const value = new Proxy({ classLabel: 3, list, bytes: Uint8Array.of(7) }, {});
  expect(await caller.call('echo', { value })).toEqual({
    classLabel: 3,
    list: [1, 2],
    bytes: Uint8Array.of(7),
  });
  await expect(caller.call('echo', { value: () => 1 })).rejects.toMatchObject({ name: 'DataCloneError' });
});

it('moves what it is told to move', async () => {
  const { caller } = connected();
  const bytes = new Uint8Array(8);
  const call = caller.call('echo', { value: bytes }, { transfer: [bytes.buffer] });
  expect(bytes.length).toBe(0);
  expect(await call).toHaveLength(8);
});

it('reports progress, and rejects with what the listener threw', async () => {
  const slow = async ({ progress }: CallContext) => {
    progress(1);
    progress(2);
    return 3;
  };
  const seen: number[] = [];
  expect(await connected(slow).caller.call('slow', {}, { onProgress: (at: number) => seen.push(at) })).toBe(
    3,
  );
  expect(seen).toEqual([1, 2]);
  const mistake = new TypeError('no such bar');
  const onProgress = () => {
    throw mistake;
  };
  await expect(connected(slow).caller.call('slow', {}, { onProgress })).rejects.toBe(mistake);
});

it('cancels a call with the reason of its signal', async () => {
  const { caller } = connected(untilAborted);
  const controller = new AbortController();
  const call = caller.call('slow', {}, { signal: controller.signal });
  const reason = new Error('enough');
  controller.abort(reason);
  await expect(call).rejects.toBe(reason);
  await expect(caller.call('slow', {}, { signal: controller.signal })).rejects.toBe(reason);
});

it('discards a result that arrives after the call was cancelled', async () => {
  const controller = new AbortController();
  const { caller } = connected(async () => {
    controller.abort(new Error('enough'));
    return 5;
  });
  const discard = vi.fn();
  await expect(caller.call('slow', {}, { signal: controller.signal, discard })).rejects.toThrow('enough');
  expect(discard).toHaveBeenCalledExactlyOnceWith(5);
});

it('listens once to a signal that many calls share, and cancels them all', async () => {
  const { caller } = connected(untilAborted);
  const controller = new AbortController();
  const { signal } = controller;
  const calls = Array.from({ length: 12 }, () => caller.call('slow', {}, { signal }));
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  expect(getEventListeners(signal, 'abort').length).toBeLessThan(EventEmitter.defaultMaxListeners);
  controller.abort(new Error('enough'));
  for (const call of calls) await expect(call).rejects.toThrow('enough');
});

it('keeps the process alive while an answer is awaited, and not for a call that could not be sent', async () => {
  const { caller, keepAlive } = connected();
  await expect(caller.call('echo', { value: () => 1 })).rejects.toMatchObject({ name: 'DataCloneError' });
  expect(keepAlive).not.toHaveBeenCalled();
  await Promise.all([caller.call('echo', { value: 1 }), caller.call('echo', { value: 2 })]);
  expect(keepAlive.mock.calls).toEqual([[true], [false]]);
});

it('sends notices in the order of the calls, and awaits nothing of them', async () => {
  const { caller, notes } = connected();
  caller.notify('note', { text: 'a' });
  caller.notify('note', { text: 'b' });
  await caller.call('echo', { value: 1 });
  expect(notes).toEqual(['a', 'b']);
});

it('rejects what is under way and all that follows once it is closed, and all that follows once it refuses', async () => {
  const { caller } = connected(untilAborted);
  const call = caller.call('slow', {});
  caller.close(new Error('gone'));
  await expect(call).rejects.toThrow('gone');
  await expect(caller.call('echo', { value: 1 })).rejects.toThrow('gone');

  const other = connected().caller;
  const last = other.call('echo', { value: 1 });
  other.refuse(new Error('closing'));
  expect(await last).toBe(1);
  await expect(other.call('echo', { value: 1 })).rejects.toThrow('closing');
});

it('leaves messages of others on the port alone', async () => {
  const { caller, port1, port2 } = connected();
  for (const port of [port1, port2])
    for (const message of ['text', undefined, null, { type: 'call' }]) port.postMessage(message);
  expect(await caller.call('echo', { value: 1 })).toBe(1);
});

it('stops what it answers, and answers nothing more, once it is ended', async () => {
  const stopped = vi.fn();
  const { caller, stop } = connected(async ({ signal }) => {
    signal.addEventListener('abort', stopped);
    return new Promise(() => {});
  });
  void caller.call('slow', {});
  await caller.call('echo', { value: 1 });
  stop();
  expect(stopped).toHaveBeenCalledTimes(1);
  const late = vi.fn();
  void caller.call('echo', { value: 1 }).then(late);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(late).not.toHaveBeenCalled();
});
