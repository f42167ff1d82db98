import { TesseraError } from '@tessera/core';
import { type CancellationSignal, plainData, throwIfAborted } from '@tessera/core/model';
import { onAbort } from '../abort-listener.js';
import type { Port } from './port.js';
import { packError, type RemoteError, unpackError } from './remote-error.js';

/** Arguments and result of a call. */
export interface CallShape {
  readonly arguments: object;
  readonly result: unknown;
}

/** Every message has this field, so that a port may carry others beside ours. */
type Message =
  | { readonly rpc: 'call'; readonly id: number; readonly name: string; readonly given: object }
  /** A call without an answer. */
  | { readonly rpc: 'notice'; readonly name: string; readonly given: object }
  | { readonly rpc: 'cancel'; readonly id: number }
  | { readonly rpc: 'progress'; readonly id: number; readonly value: unknown }
  | { readonly rpc: 'result'; readonly id: number; readonly value: unknown }
  | { readonly rpc: 'error'; readonly id: number; readonly error: RemoteError };

/** What a handler knows of its call. */
export interface CallContext {
  /** Aborted when the caller cancels. */
  readonly signal: AbortSignal;
  /** Sends the caller a report of progress. */
  progress(value: unknown): void;
}

/** What answers each call. */
export type Handlers<Calls extends Record<keyof Calls, CallShape>> = {
  readonly [name in keyof Calls]: (
    given: Calls[name]['arguments'],
    context: CallContext,
  ) => Promise<Calls[name]['result']>;
};

export interface AnswerOptions {
  /** Makes an error plain data. @default {@link packError} */
  readonly pack?: (error: unknown) => RemoteError;
}

/**
 * Answers the calls of a {@link Caller} at the other end of a port. Returns at once. Handlers begin in the order of the
 * calls.
 *
 * @returns a function that cancels the calls under way; nothing is answered any more
 */
export function answerCalls<Calls extends Record<keyof Calls, CallShape>>(
  port: Port,
  handlers: Handlers<Calls>,
  { pack = packError }: AnswerOptions = {},
): () => void {
  const running = new Map<number, AbortController>();
  let ended = false;
  const send = (message: Message): void => {
    if (!ended) port.send(message);
  };

  async function handle(name: string, given: object, context: CallContext): Promise<unknown> {
    const handler = (handlers as Readonly<Record<string, unknown>>)[name];
    if (typeof handler !== 'function') throw new TesseraError('unknown-call', `There is no call "${name}".`);
    return handler(given, context);
  }

  async function answer(id: number, name: string, given: object): Promise<void> {
    const controller = new AbortController();
    running.set(id, controller);
    const { signal } = controller;
    const progress = (value: unknown): void => send({ rpc: 'progress', id, value });
    try {
      send({ rpc: 'result', id, value: await handle(name, given, { signal, progress }) });
    } catch (error) {
      send({ rpc: 'error', id, error: pack(error) });
    }
    running.delete(id);
  }

  port.listen((received) => {
    const message = received as Message | undefined;
    if (ended) return;
    if (message?.rpc === 'call') void answer(message.id, message.name, message.given);
    else if (message?.rpc === 'cancel') running.get(message.id)?.abort(cancelled());
    else if (message?.rpc === 'notice') {
      const { signal } = new AbortController();
      // Nobody awaits what comes of it.
      void handle(message.name, message.given, { signal, progress() {} }).catch(() => undefined);
    }
  });
  return () => {
    ended = true;
    for (const controller of running.values()) controller.abort(cancelled());
  };
}

export interface CallOptions<Result> {
  /** Cancels the call; the promise rejects with its reason once the other end has stopped. */
  readonly signal?: CancellationSignal | undefined;
  /** What it throws, the promise rejects with. */
  readonly onProgress?: ((value: never) => void) | undefined;
  /** Takes a result that arrives after the call was cancelled, e.g. to release it. */
  readonly discard?: (result: Result) => void;
  /** What of the arguments is moved rather than copied. */
  readonly transfer?: readonly object[];
}

export interface CallerOptions {
  /** Makes an error again of what {@link AnswerOptions.pack} made of one. @default {@link unpackError} */
  readonly unpack?: (error: RemoteError) => Error;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  progress(value: unknown): void;
}

/** Calls what {@link answerCalls} serves at the other end of a port. */
export class Caller<Calls extends Record<keyof Calls, CallShape>> {
  readonly #port: Port;
  readonly #waiting = new Map<number, Waiting>();
  #nextCall = 0;
  #closed: Error | undefined;

  constructor(port: Port, { unpack = unpackError }: CallerOptions = {}) {
    this.#port = port;
    port.listen((received) => {
      const message = received as Message | undefined;
      if (message?.rpc !== 'result' && message?.rpc !== 'error' && message?.rpc !== 'progress') return;
      const waiting = this.#waiting.get(message.id);
      if (message.rpc === 'progress') waiting?.progress(message.value);
      else if (message.rpc === 'result') waiting?.resolve(message.value);
      else waiting?.reject(unpack(message.error));
    });
  }

  /** Why no call can be made any more; undefined while calls can be made. */
  get closed(): Error | undefined {
    return this.#closed;
  }

  /**
   * Makes a call.
   *
   * @throws the signal's reason, what the handler threw, the reason of {@link close}
   */
  async call<Name extends keyof Calls & string>(
    name: Name,
    given: Calls[Name]['arguments'],
    { signal, onProgress, discard, transfer }: CallOptions<Calls[Name]['result']> = {},
  ): Promise<Calls[Name]['result']> {
    if (this.#closed) throw this.#closed;
    throwIfAborted(signal);
    const id = this.#nextCall++;
    let withdraw = (): void => {};
    try {
      const result = await new Promise<Calls[Name]['result']>((resolve, reject) => {
        // First of all, for a message that can't be copied throws, and has no answer.
        this.#send({ rpc: 'call', id, name, given: plainData(given) }, transfer);
        if (this.#waiting.size === 0) this.#port.keepAlive?.(true);
        this.#waiting.set(id, {
          resolve,
          reject,
          progress(value) {
            try {
              onProgress?.(value as never);
            } catch (error) {
              reject(error);
            }
          },
        });
        withdraw = onAbort(signal, () => this.#send({ rpc: 'cancel', id }));
      });
      if (signal?.aborted) discard?.(result);
      throwIfAborted(signal);
      return result;
    } catch (error) {
      if (TesseraError.isInstance(error) && error.code === 'cancelled') throwIfAborted(signal);
      throw error;
    } finally {
      withdraw();
      if (this.#waiting.delete(id) && this.#waiting.size === 0) this.#port.keepAlive?.(false);
    }
  }

  /** Makes a call that has no answer. Nothing happens once the port is closed. */
  notify<Name extends keyof Calls & string>(name: Name, given: Calls[Name]['arguments']): void {
    if (!this.#closed) this.#send({ rpc: 'notice', name, given: plainData(given) });
  }

  /** Rejects all calls under way and every later one. */
  close(reason: Error): void {
    this.#closed ??= reason;
    for (const { reject } of this.#waiting.values()) reject(reason);
  }

  /** Rejects every later call. Those under way go on. */
  refuse(reason: Error): void {
    this.#closed ??= reason;
  }

  #send(message: Message, transfer?: readonly object[]): void {
    this.#port.send(message, transfer);
  }
}

function cancelled(): TesseraError {
  return new TesseraError('cancelled', 'The call was cancelled.');
}
