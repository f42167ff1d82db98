/**
 * Runs tasks one after the other, in the order they were added. Sessions can't be run twice at the same time, and a
 * second generation on the same model should wait its turn rather than fail.
 */
export class RunQueue {
  #last: Promise<unknown> = Promise.resolve();

  /** The task's own result; a task that fails does not stop those behind it. */
  add<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
