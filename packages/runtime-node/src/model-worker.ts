import { Worker } from 'node:worker_threads';
import { NativeGate } from './native-gate.js';
import type { WorkerRequest } from './worker-messages.js';

/** How long a process that ends waits for a native call, in milliseconds: a driver may hang. */
const PATIENCE = 10_000;

/** Gates of all workers that have not ended. The process has one listener for all, and none when there are none. */
const gates = new Set<NativeGate>();

/** A model's worker thread. It is never ended while ONNX Runtime computes in it, by the end of the process neither. */
export class ModelWorker extends Worker {
  readonly #gate: NativeGate;
  readonly #ended: Promise<number>;

  constructor(request: Omit<WorkerRequest, 'gate'>) {
    const gate = new NativeGate();
    const workerData: WorkerRequest = { ...request, gate: gate.memory };
    super(new URL('./worker.js', import.meta.url), {
      workerData,
      transferList: [request.port],
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

  /** Ends the thread, after the native call that is under way in it. */
  override async terminate(): Promise<number> {
    // What it throws from now on concerns nobody.
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
