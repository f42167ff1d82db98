import { TesseraError } from '@tessera/core';
import { OwnCodeError } from './own-code-error.js';
import type {
  FromSandbox,
  SandboxCallName,
  SandboxCalls,
  SandboxError,
  ToSandbox,
} from './sandbox-protocol.js';

/** The part of a MessagePort that is used. */
export interface SandboxPort {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent<FromSandbox>) => void) | null;
}

/** For how long the user's code may run without coming back, in milliseconds. */
const PATIENCE = 3000;
const PING_EVERY = 250;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/**
 * The page's end of the sandbox. Watches that the code there comes back: a worker in an endless loop answers no ping, and
 * `kill` is all that helps.
 */
export class SandboxClient {
  readonly #port: SandboxPort;
  readonly #kill: () => void;
  readonly #waiting = new Map<number, Waiting>();
  #nextCall = 0;
  #ended: Error | undefined;
  /** For how long nothing has been heard, in milliseconds, as far as the watch's ticks tell. */
  #silence = 0;
  #watch: ReturnType<typeof setInterval> | undefined;

  constructor(port: SandboxPort, kill: () => void) {
    this.#port = port;
    this.#kill = kill;
    port.onmessage = ({ data }) => this.#hear(data);
  }

  call<Name extends SandboxCallName>(
    name: Name,
    given: SandboxCalls[Name]['arguments'],
    transfer: Transferable[] = [],
  ): Promise<SandboxCalls[Name]['result']> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = this.#nextCall++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#send({ type: 'call', id, name, arguments: given }, transfer);
      this.#startWatch();
    });
  }

  /** Ends the sandbox; calls under way reject with `reason`. */
  close(reason: Error = new OwnCodeError('The policy was stopped.')): void {
    if (this.#ended) return;
    this.#ended = reason;
    this.#stopWatch();
    this.#kill();
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }

  #hear(message: FromSandbox): void {
    this.#silence = 0;
    if (message.type !== 'result' && message.type !== 'error') return;
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (this.#waiting.size === 0) this.#stopWatch();
    if (message.type === 'result') waiting?.resolve(message.value);
    else waiting?.reject(rebuilt(message));
  }

  #startWatch(): void {
    if (this.#watch !== undefined) return;
    this.#silence = 0;
    let lastTick = performance.now();
    this.#watch = setInterval(() => {
      const now = performance.now();
      // Where the page was hidden or the machine asleep a tick comes late, maybe before an answer that lies waiting: it
      // counts as one interval late at most.
      this.#silence += Math.min(now - lastTick, 2 * PING_EVERY);
      lastTick = now;
      if (this.#silence >= PATIENCE) {
        const seconds = PATIENCE / 1000;
        this.close(
          new OwnCodeError(
            `The code ran for ${seconds} seconds without coming back and was stopped. Look for a loop that never ends.`,
          ),
        );
      } else this.#send({ type: 'ping' });
    }, PING_EVERY);
  }

  #stopWatch(): void {
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  #send(message: ToSandbox, transfer: Transferable[] = []): void {
    this.#port.postMessage(message, transfer);
  }
}

/** An error of the library keeps its code, unless it came about in a line of the user's. */
function rebuilt({ message, line, code }: SandboxError): Error {
  return code !== undefined && line === undefined
    ? new TesseraError(code, message)
    : new OwnCodeError(message, line);
}
