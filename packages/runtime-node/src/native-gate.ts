/** Places in the shared memory: how many native calls are under way, and whether no more may begin. */
const BUSY = 0;
const CLOSED = 1;

/**
 * What the threads on both sides know of the native calls of one. ONNX Runtime's addon takes the whole process down when
 * its thread is ended during a call, so whoever wants to end that thread closes the gate first.
 */
export class NativeGate {
  readonly memory: SharedArrayBuffer;
  readonly #state: Int32Array;

  /** @param memory of the gate that the other thread has made; without it, a gate with one call under way */
  constructor(memory?: SharedArrayBuffer) {
    this.memory = memory ?? new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
    this.#state = new Int32Array(this.memory);
    // The addon is being loaded until the thread says that it is there.
    if (!memory) Atomics.store(this.#state, BUSY, 1);
  }

  /**
   * Makes a native call. Once the gate is closed no call begins, and this ends the thread that it is called in as soon as
   * those under way are done.
   */
  async pass<T>(call: () => Promise<T>): Promise<T> {
    Atomics.add(this.#state, BUSY, 1);
    if (this.#isClosed()) {
      this.leave();
      return new Promise(() => {});
    }
    try {
      return await call();
    } finally {
      this.leave();
    }
  }

  /** Says that a native call is done. */
  leave(): void {
    const before = Atomics.sub(this.#state, BUSY, 1);
    Atomics.notify(this.#state, BUSY);
    if (before === 1 && this.#isClosed()) process.exit();
  }

  /** Lets no more native calls begin. @returns whether one is under way, after which its thread ends by itself */
  close(): boolean {
    Atomics.store(this.#state, CLOSED, 1);
    return Atomics.load(this.#state, BUSY) > 0;
  }

  /** Blocks this thread until no native call is under way in the other, or some milliseconds have passed. */
  waitUntilIdle(milliseconds: number): void {
    const end = performance.now() + milliseconds;
    for (;;) {
      const busy = Atomics.load(this.#state, BUSY);
      const left = end - performance.now();
      if (busy === 0 || left <= 0) return;
      Atomics.wait(this.#state, BUSY, busy, left);
    }
  }

  #isClosed(): boolean {
    return Atomics.load(this.#state, CLOSED) === 1;
  }
}
