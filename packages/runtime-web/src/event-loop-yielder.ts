/** Milliseconds after which a computation lets messages in. */
const TURN = 8;

/**
 * Lets a worker read its messages while it computes. ONNX Runtime's WebAssembly answers without giving the event loop a
 * turn, so a cancellation would be read when all is done.
 */
export class EventLoopYielder {
  readonly #channel = new MessageChannel();
  readonly #waiting: (() => void)[] = [];
  #last = performance.now();

  constructor() {
    this.#channel.port1.onmessage = () => this.#waiting.shift()!();
  }

  /** Waits until the messages that have arrived by now were read. */
  async yieldToEventLoop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      this.#channel.port2.postMessage(null);
    });
    this.#last = performance.now();
  }

  /** The same, if the last turn is some time ago. */
  async yieldIfDue(): Promise<void> {
    if (performance.now() - this.#last > TURN) await this.yieldToEventLoop();
  }
}
