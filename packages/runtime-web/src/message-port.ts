import type { Port } from '@tessera/onnx';

/** A MessagePort as a {@link Port}. */
export function webPort(port: MessagePort): Port {
  return {
    send: (message) => port.postMessage(message),
    listen(listener) {
      // Setting onmessage also starts the port.
      port.onmessage = ({ data }: MessageEvent<unknown>) => listener(data);
    },
  };
}
