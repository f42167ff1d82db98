import { Worker } from 'node:worker_threads';
import { TesseraError } from '@tessera/core';
import type { ModelWorker as AnyModelWorker, Port } from '@tessera/onnx';
import { disableTelemetry } from './disable-telemetry.js';
import { NativeGate } from './native-gate.js';

/** How long a process that ends waits for a native call, in milliseconds: a driver may hang. */
const PATIENCE = 10_000;

/** Gates of all workers that have not ended. The process has one listener for all, and none when there are none. */
const gates = new Set<NativeGate>();

/** A model's worker thread. It is never ended while ONNX Runtime computes in it, by the end of the process neither. */
export class ModelWorker extends Worker implements AnyModelWorker {
  readonly disposesGently = true;
  readonly port: Port = {
    send: (message) => this.postMessage(message),
    listen: (listener) => this.on('message', listener),
    // A program that does not dispose of its model still ends when it is done.
    keepAlive: (waiting) => (waiting ? this.ref() : this.unref()),
  };
  readonly #gate: NativeGate;
  readonly #ended: Promise<number>;

  constructor() {
    // The thread itself can't: its environment is a copy.
    disableTelemetry();
    const gate = new NativeGate();
    super(new URL('./worker.js', import.meta.url), {
      workerData: gate.memory,
      // Flags of the main thread, such as --input-type, need not fit a worker.
      execArgv: [],
    });
    this.#gate = gate;
    if (gates.size === 0) process.on('exit', closeAll);
    gates.add(gate);
    this.#ended = new Promise((resolve) => {
      this.once('exit', (code) => {
        gates.delete(gate);
        if (gates.size === 0) process.off('exit', closeAll);
        resolve(code);
      });
    });
  }

  onEnd(listener: (reason: Error) => void): void {
    this.on('error', (cause) => listener(crashed(cause)));
    this.on('exit', () => listener(crashed()));
  }

  /** Ends the thread, after the native call that is under way in it. */
  override async terminate(): Promise<number> {
    // What it throws from now on is nobody's concern.
    this.on('error', () => undefined);
    if (!this.#gate.close()) return super.terminate();
    this.ref();
    return this.#ended;
  }
}

function closeAll(): void {
  for (const gate of gates) gate.close();
  for (const gate of gates) gate.waitUntilIdle(PATIENCE);
}

function crashed(cause?: unknown): TesseraError {
  const because = cause instanceof Error ? `: ${cause.message}` : '';
  return new TesseraError(
    'worker-ended',
    `The model's worker thread ended${because}. Load the model again.`,
    { cause },
  );
}
