import { TesseraError } from '../errors.js';

/** A run that isn't the scheduler's own. A turn begins with a value that is asked for, and ends as the next one is, or the run is left. */
export class SharedRun<Value, Result> {
  readonly priority: number;
  tag: number;
  isBegun = false;
  /** It may have any number of images; it counts as one until it ends. */
  readonly imagesLeft = 1;
  readonly #run: AsyncGenerator<Value, Result, undefined>;
  #isOver = false;
  #endTurn: () => void = () => {};
  #asked: { resolve(next: IteratorResult<Value, Result>): void; reject(error: unknown): void } | undefined;

  constructor(
    run: AsyncGenerator<Value, Result, undefined>,
    { priority, tag }: { readonly priority: number; readonly tag: number },
  ) {
    this.#run = run;
    this.priority = priority;
    this.tag = tag;
  }

  get isReady(): boolean {
    return this.#asked !== undefined;
  }

  /** The run's next value, in its turn. */
  next(): Promise<IteratorResult<Value, Result>> {
    return new Promise((resolve, reject) => {
      this.#asked = { resolve, reject };
      this.#endTurn();
    });
  }

  /** Takes a turn. Never rejects. */
  async advance(): Promise<void> {
    this.isBegun = true;
    const asked = this.#asked;
    this.#asked = undefined;
    await this.#run.next().then(asked?.resolve, asked?.reject);
    if (this.#asked || this.#isOver) return;
    await new Promise<void>((resolve) => (this.#endTurn = resolve));
  }

  /** Ends a turn. */
  end(work: number): void {
    this.tag += work;
  }

  leave(): void {
    this.#isOver = true;
    this.#endTurn();
    this.#asked?.reject(new TesseraError('aborted', 'The run was left before its end.'));
    this.#asked = undefined;
    void this.#run.return(undefined as never).catch(() => undefined);
  }
}
