/**
 * A long computation that can be put down: a generator that yields between its pieces and returns the result. Written
 * once, it serves callers that wait for it and hosts that have to deal with their events meanwhile.
 */
export type Chunked<T> = Generator<undefined, T, undefined>;

/** Does all of it in one go. */
export function atOnce<T>(work: Chunked<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** Does it piece by piece, `yieldToEventLoop` being awaited after each. */
export async function inChunks<T>(work: Chunked<T>, yieldToEventLoop: () => Promise<unknown>): Promise<T> {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    await yieldToEventLoop();
  }
}
