import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stepsOf, timeLeft, type Variant } from '@tessera/evaluation-report';
import { secondsText, shortTime } from '@tessera/evaluation-report/display';
import { jsonHash } from '@tessera/format';
import type { DrawingTask, TaskMessage, WorkerMessage } from './protocol.js';

export interface SideBySideOptions {
  readonly task: DrawingTask;
  /** How many processes. */
  readonly workers: number;
  readonly arms: readonly Variant[];
  readonly signal: AbortSignal;
  /** The process that draws. @default the one beside this file */
  readonly script?: string;
  /** Hears of progress, as a line for people. */
  say(line: string): void;
}

/**
 * Draws what variants lack in several processes, each variant in one of them. On a CPU processes of one thread draw more pictures
 * than one process of many threads.
 */
export async function drawSideBySide(options: SideBySideOptions): Promise<void> {
  const {
    task,
    workers,
    signal,
    say,
    script = fileURLToPath(new URL('draw-worker.js', import.meta.url)),
  } = options;
  const waiting = await differentArms(options.arms);
  const left = timeLeft(
    new Map(waiting.map(({ name }) => [name, 0])),
    task.n,
    new Map(waiting.map(({ name, sampling }) => [name, stepsOf(sampling)])),
  );
  const heard = (message: Progress): void => {
    if (message.type === 'seen') {
      say(`${message.arm}  ${message.done}/${message.total} kept pictures seen`);
      return;
    }
    const { arm, done, seconds } = message;
    left.update(arm, done, seconds);
    if (seconds === undefined) return;
    const rest = shortTime((left.seconds() ?? 0) / workers);
    say(`drawing ${arm}  ${done}/${task.n}  ${secondsText(seconds)} s/image  ${rest} left`);
  };
  const running = new Set<ChildProcess>();
  const one = async (): Promise<void> => {
    const child = fork(script, [JSON.stringify(task)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    running.add(child);
    await served(child, () => waiting.shift(), heard);
    running.delete(child);
  };
  const stop = (): void => {
    for (const child of running) child.kill('SIGINT');
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    // What was aborted before would never be heard of.
    signal.throwIfAborted();
    await Promise.all(Array.from({ length: Math.min(workers, waiting.length) }, one));
  } catch (error) {
    // The others have nobody to draw for.
    stop();
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

type Progress = Extract<WorkerMessage, { type: 'drawn' | 'seen' }>;

/** Gives a process variants until none is left. */
function served(
  child: ChildProcess,
  next: () => Variant | undefined,
  heard: (message: Progress) => void,
): Promise<void> {
  let failure: string | undefined;
  child.on('message', (message: WorkerMessage) => {
    if (message.type === 'ready') child.send({ arm: next() } satisfies TaskMessage);
    else if (message.type === 'failed') failure = message.message;
    else heard(message);
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
  `A process that draws ended early (${how}). What is drawn is kept; the same command goes on, with fewer --workers if memory ran out.`;

/** Each way of sampling once, under its first name. */
async function differentArms(arms: readonly Variant[]): Promise<Variant[]> {
  const different = new Map<string, Variant>();
  for (const arm of arms) {
    const key = await jsonHash(arm.sampling);
    if (!different.has(key)) different.set(key, arm);
  }
  return [...different.values()];
}
