import type { LoadedModel, LoadModelOptions } from '@tessera/runtime-node';
import { type ProgressBar, progressBar } from './progress-bar.js';
import { type Environment, type OutputStream, type Style, styleFor } from './terminal.js';

/** Where a command reads and writes; `process` fits but for `signal`. */
export interface Io {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Environment;
  /** Stops the command in order; finished files are kept. */
  readonly signal: AbortSignal;
  /** Asks whoever sits at the terminal; absent where nobody does. */
  ask?(question: string, signal: AbortSignal): Promise<string>;
}

/** Loads a model; `loadModel` of @tessera/runtime-node fits. */
export type ModelLoader = (location: string | URL, options: LoadModelOptions) => Promise<LoadedModel>;

/** What a command needs to do its work. */
export interface CommandContext {
  readonly io: Io;
  readonly style: Style;
  loadModel: ModelLoader;
  /** Ends the process with this code though nothing threw. */
  setExitCode(code: number): void;
}

/** A command's output: prose on stdout, or, with --json, one document there and no prose. */
export interface Output {
  /** A line for people. */
  print(line?: string): void;
  /** The document; nothing without --json. */
  result(document: unknown): void;
  /** A line on stderr, in either case. */
  warn(line: string): void;
  readonly progress: ProgressBar;
}

export function outputOf({ io }: CommandContext, json: boolean | undefined): Output {
  const progress = progressBar(io.stderr, io.env);
  return {
    progress,
    print(line = '') {
      if (!json) io.stdout.write(`${line}\n`);
    },
    result(document) {
      if (json) io.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
    },
    warn(line) {
      progress.clear();
      io.stderr.write(`${line}\n`);
    },
  };
}

export function contextFor(
  io: Io,
  loadModel: ModelLoader,
  setExitCode: (code: number) => void,
): CommandContext {
  return {
    io,
    style: styleFor(io.stdout, io.env),
    loadModel,
    setExitCode,
  };
}
