import { MessageChannel } from 'node:worker_threads';
import { afterEach, expect, it, vi } from 'vitest';
import { idlingPort } from './worker-port.js';

const { port1, port2 } = new MessageChannel();
afterEach(() => port1.close());

it('keeps the process alive while an answer is awaited, and not for a call that could not be sent', async () => {
  const [ref, unref] = [vi.spyOn(port1, 'ref'), vi.spyOn(port1, 'unref')];
  const port = idlingPort(port1);
  const answered = new Promise((resolve) => port.listen(resolve));
  ref.mockClear();
  unref.mockClear();
  expect(() => port.send({ type: 'call', given: () => 'no data' })).toThrow(/could not be cloned/);
  expect(ref).not.toHaveBeenCalled();
  port2.on('message', () => port2.postMessage('answer'));
  port.send({ type: 'call' });
  expect(ref).toHaveBeenCalledTimes(1);
  await answered;
  await new Promise((resolve) => setImmediate(resolve));
  expect(unref).toHaveBeenCalledTimes(1);
});
