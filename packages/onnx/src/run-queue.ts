import { type CancellationSignal, throwIfAborted } from '@tessera/core/model';
import { onAbort } from './abort-listener.js';

/**
 * Runs tasks one after the other, in the order they were added. Sessions can't be run twice at the same time, and a
 * second generation on the same model should wait its turn rather than fail.
 */
export class RunQueue {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * The task's own result; a task that fails does not stop those behind it.
   *
   * @param signal where it is aborted while the task waits, the promise rejects at once and the task is passed over in
   * its turn; a task that has begun looks at it itself
   */
  add<T>(task: () => Promise<T>, signal?: CancellationSignal): Promise<T> {
    let begin = (): void => {};
    const abandoned = new Promise<never>((_, reject) => {
      throwIfAborted(signal);
      begin = onAbort(signal, () => {
        try {
          throwIfAborted(signal);
        } catch (reason) {
          reject(reason);
        }
      });
    });
    const result = this.#last.then(() => {
      begin();
      throwIfAborted(signal);
      return task();
    });
    this.#last = result.catch(() => undefined);
    return Promise.race([result, abandoned]);
  }
}
