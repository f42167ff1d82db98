import { env, type InferenceSession } from 'onnxruntime-node';
import type { Device } from './devices.js';

/** What goes wrong is thrown, and told once, by us; ONNX Runtime need not print it as well. */
env.logLevel = 'fatal';

/** Session options of one device; on the CPU, `threads` compute threads that sleep, not spin, between runs. */
export function sessionOptions(device: Device, threads: number): InferenceSession.SessionOptions {
  return {
    executionProviders: [device],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // A model has several sessions; spinning threads of the idle ones would take the cores from the busy one.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
    logSeverityLevel: 4,
  };
}
