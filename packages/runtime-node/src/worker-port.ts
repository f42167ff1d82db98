import type { MessagePort } from 'node:worker_threads';
import type { Port } from '@tessera/onnx';

/** A Node MessagePort as a {@link Port}. */
export function nodePort(port: MessagePort): Port {
  return {
    send: (message) => port.postMessage(message),
    listen: (listener) => port.on('message', listener),
  };
}

/**
 * The same, but it keeps the process alive only while an answer is awaited: a program that forgets to dispose of its
 * model still ends when it is done.
 */
export function idlingPort(port: MessagePort): Port {
  let awaited = 0;
  return {
    send(message) {
      // First of all, for a message that can't be copied throws, and will have no answer.
      port.postMessage(message);
      if (isCall(message) && awaited++ === 0) port.ref();
    },
    listen(listener) {
      port.on('message', (message) => {
        listener(message);
        if (--awaited === 0) port.unref();
      });
      port.unref();
    },
  };
}

function isCall(message: unknown): boolean {
  return (message as { type?: unknown }).type === 'call';
}
