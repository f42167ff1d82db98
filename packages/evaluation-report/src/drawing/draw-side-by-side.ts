import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { jsonHash } from '@tessera/format';
import type { LoadModelOptions } from '@tessera/runtime-node';
import type { Variant } from '../variant.js';

/** What a drawing process is told, as its only argument. */
export interface DrawingTask {
  /** A model folder, or the address of one. */
  readonly model: string;
  /** What recipes call the model's place. */
  readonly location: string;
  readonly load: Pick<LoadModelOptions, 'device' | 'dtype' | 'threads'>;
  /** A feature network; see `NetworkOptions`. @default the built-in one */
  readonly network?: string;
  /** A folder of real pictures, if it is not those that come with the network. */
  readonly real?: string;
  readonly n: number;
  readonly seed: number;
  readonly batch: number;
  readonly folder: string;
  readonly keep: number;
}

/** What a drawing process reports. */
export type DrawingReport =
  /** `seconds` an image of the last batch; none before the first one. */
  | { readonly type: 'drawn'; readonly name: string; readonly done: number; readonly seconds?: number }
  /** Kept pictures whose features were extracted, of those that a new network had to be shown. */
  | { readonly type: 'seen'; readonly name: string; readonly done: number; readonly total: number }
  | { readonly type: 'failed'; readonly message: string };

export interface SideBySideOptions {
  readonly task: DrawingTask;
  /** Processes at once. */
  readonly workers: number;
  readonly variants: readonly Variant[];
  readonly signal: AbortSignal;
  /** The process that draws. @default the one beside this file */
  readonly script?: string;
  onReport?(report: DrawingReport): void;
}

/**
 * Draws what variants lack in several processes, each variant in a process of its own. On a CPU, processes of one thread
 * draw more pictures an hour than one process of many threads.
 *
 * @throws Error with the message of the first process that fails; the others are stopped
 */
export async function drawSideBySide(options: SideBySideOptions): Promise<void> {
  const { task, workers, signal, onReport } = options;
  const script = options.script ?? fileURLToPath(new URL('draw-worker.js', import.meta.url));
  const waiting = await differentVariants(options.variants);
  const running = new Set<ChildProcess>();
  const stop = (): void => {
    waiting.length = 0;
    for (const child of running) child.kill('SIGINT');
  };
  const drawOneByOne = async (): Promise<void> => {
    for (let variant = waiting.shift(); variant; variant = waiting.shift()) {
      const child = fork(script, [JSON.stringify({ ...task, variant })], {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      running.add(child);
      await ended(child, (report) => onReport?.(report)).finally(() => running.delete(child));
    }
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    signal.throwIfAborted();
    await Promise.all(Array.from({ length: Math.min(workers, waiting.length) }, drawOneByOne));
  } catch (error) {
    stop();
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Resolves once a process has drawn its variant. */
function ended(child: ChildProcess, onReport: (report: DrawingReport) => void): Promise<void> {
  let failure: string | undefined;
  child.on('message', (report: DrawingReport) => {
    if (report.type === 'failed') failure = report.message;
    onReport(report);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(failure ?? endedEarly(signal ?? code)));
    });
  });
}

const endedEarly = (how: string | number | null): string =>
  `A drawing process ended early (${how}). What is drawn is kept. The same command goes on, with fewer --workers if memory ran out.`;

/** Each way of sampling once, under its first name. */
async function differentVariants(variants: readonly Variant[]): Promise<Variant[]> {
  const different = new Map<string, Variant>();
  for (const variant of variants) {
    const key = await jsonHash(variant.sampling);
    if (!different.has(key)) different.set(key, variant);
  }
  return [...different.values()];
}
