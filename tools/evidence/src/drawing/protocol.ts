import type { Variant } from '@tessera/evaluation-report';

/** What a process that draws is told once, as its only argument. */
export interface DrawingTask {
  /** A model folder. @default the embedded model */
  readonly model?: string;
  readonly threads?: number;
  readonly n: number;
  readonly seed: number;
  readonly batch: number;
  readonly store: string;
}

/** The next variant, in reply to each `ready`; none where all are given out. */
export type TaskMessage = { readonly arm: Variant | undefined };

export type WorkerMessage =
  | { readonly type: 'ready' }
  /** `seconds` an image of the last batch; none before the first one. */
  | { readonly type: 'drawn'; readonly arm: string; readonly done: number; readonly seconds?: number }
  /** Kept pictures that a network has been shown that had not seen them yet. */
  | { readonly type: 'seen'; readonly arm: string; readonly done: number; readonly total: number }
  | { readonly type: 'failed'; readonly message: string };
