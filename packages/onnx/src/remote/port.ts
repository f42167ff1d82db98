/**
 * One end of a two-way channel that copies plain data: a Worker, a worker's own scope, or a MessagePort, of Node or of
 * the web, behind one interface.
 */
export interface Port {
  /** @param transfer what is moved rather than copied, such as ports and array buffers */
  send(message: unknown, transfer?: readonly object[]): void;
  /** Called once, with the only listener there will be. */
  listen(listener: (message: unknown) => void): void;
  /** Told `true` when the first answer is awaited, and `false` when none is any more. Node ends an idle process by it. */
  keepAlive?(waiting: boolean): void;
}

/** A MessagePort of the web as a {@link Port}. */
export function webPort(port: MessagePort): Port {
  return {
    send: (message, transfer = []) => port.postMessage(message, transfer as Transferable[]),
    listen(listener) {
      // Setting onmessage also starts the port.
      port.onmessage = ({ data }: MessageEvent<unknown>) => listener(data);
    },
  };
}
