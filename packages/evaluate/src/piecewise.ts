/**
 * A long computation that can be put down: a generator that yields between its pieces and returns the result. Written
 * once, it serves callers that wait for it and hosts that have to deal with their events meanwhile.
 */
export type Piecewise<T> = Generator<undefined, T, undefined>;

/** Does all of it in one go. */
export function atOnce<T>(work: Piecewise<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** Does it piece by piece, `breathe` being awaited after each. */
export async function inPieces<T>(work: Piecewise<T>, breathe: () => Promise<unknown>): Promise<T> {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    await breathe();
  }
}
