import type { Account } from './access.js';

/** One answer. */
export interface LogEntry {
  readonly id: string;
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
  /** The name of the token. */
  readonly token?: string;
  readonly model?: string;
  readonly seed?: number;
  readonly pictures?: number;
  readonly waitedSeconds?: number;
  /** Only where prompts are logged. */
  readonly prompt?: string;
  /** What went wrong: of a stream, whose status is 200, or inside the server. */
  readonly error?: unknown;
}

/** A request that is being answered. */
export interface Exchange {
  readonly request: Request;
  /** Aborted when the client leaves or the time is over. */
  readonly signal: AbortSignal;
  readonly account: Account | undefined;
  /** What the log will say. */
  readonly entry: { -readonly [Key in keyof LogEntry]?: LogEntry[Key] };
  /** Stops what is drawn: the client has left. */
  abort(): void;
  /** The answer is over: of one that streams, when its stream is. */
  end(): void;
}
