import type { PolicyFinding } from '@tessera/core/testing';
import type { Manifest } from '@tessera/format';
import { Caller, type Port, type RemoteError, unpackError } from '@tessera/onnx';
import type { PictureEditOptions } from '../run/record-run.js';
import type { FinishedRun, StepRecord } from '../run/step-record.js';
import type { Settings } from '../settings/settings.js';
import { OwnCodeError } from './own-code-error.js';

/** What the sandbox is told of a drawing. The model itself is called through a port. */
export interface DrawRequest {
  readonly settings: Omit<Settings, 'policy'>;
  readonly manifest: Manifest;
  readonly edit?: PictureEditOptions;
}

/** The calls of the sandbox. */
export interface SandboxCalls {
  /** Runs a translated module and takes its policy. */
  load: { arguments: { readonly code: string }; result: undefined };
  check: { arguments: object; result: readonly PolicyFinding[] };
  begin: { arguments: DrawRequest; result: undefined };
  next: { arguments: object; result: IteratorResult<StepRecord, FinishedRun> };
}

/** Answered while the user's code does not run. */
export interface PingCalls {
  ping: { arguments: object; result: undefined };
}

/** For how long the user's code may run without coming back, in milliseconds. */
const PATIENCE = 3000;
const PING_EVERY = 250;

/**
 * The page's end of the sandbox. It checks that the code there comes back: a worker in an endless loop answers no ping, and
 * only `kill` helps.
 */
export class SandboxCaller extends Caller<SandboxCalls> {
  readonly #kill: () => void;

  constructor(port: Port, pings: Caller<PingCalls>, kill: () => void) {
    /** For how long no ping has been answered, in milliseconds, as far as the watch's ticks tell. */
    let silence = 0;
    let watch: ReturnType<typeof setInterval> | undefined;
    const keepAlive = (waiting: boolean): void => {
      clearInterval(watch);
      if (!waiting) return;
      silence = 0;
      let lastTick = performance.now();
      watch = setInterval(() => {
        const now = performance.now();
        // Where the page was hidden or the machine asleep a tick comes late, maybe before an answer that lies waiting: it
        // counts as one interval late at most.
        silence += Math.min(now - lastTick, 2 * PING_EVERY);
        lastTick = now;
        if (silence >= PATIENCE) this.close(new OwnCodeError(LOOP));
        else void pings.call('ping', {}).then(() => (silence = 0));
      }, PING_EVERY);
    };
    super({ ...port, keepAlive }, { unpack: rebuilt });
    this.#kill = kill;
  }

  /** Ends the sandbox. */
  override close(reason: Error = new OwnCodeError('The policy was stopped.')): void {
    super.close(reason);
    this.#kill();
  }
}

const LOOP = `The code ran for ${PATIENCE / 1000} seconds without coming back and was stopped. Look for a loop that never ends.`;

/** An error of the library keeps its code, unless it came about in a line of the user's. */
function rebuilt(error: RemoteError): Error {
  const { line } = error.fields;
  if (typeof line === 'number') return new OwnCodeError(error.message, line);
  return error.code === undefined ? new OwnCodeError(error.message) : unpackError(error);
}
