/**
 * z at the planned positions of one image. It stays where the runtime holds it (a worker, a GPU) until it is read.
 * Rows follow the plan's positions in ascending order.
 */
export interface Conditions {
  /** n: the number of rows. */
  readonly count: number;
  /** D: the transformer's width. */
  readonly width: number;
  /** Whether there is an unconditional row beside each conditional one, for guidance. */
  readonly guided: boolean;
  /** The conditional rows, [n, D]. */
  read(): Promise<Float32Array>;
  /** The unconditional rows, [n, D]; rejects with `UnguidedConditionsError` where `guided` is false. */
  readUnconditional(): Promise<Float32Array>;
}
