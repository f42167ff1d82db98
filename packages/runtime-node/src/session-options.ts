import type { ComponentName, Manifest } from '@tessera/format';
import { env, type InferenceSession } from 'onnxruntime-node';
import type { Device } from './devices.js';
import { disableTelemetry } from './disable-telemetry.js';

/** What goes wrong is thrown, and told once, by us; ONNX Runtime need not print it as well. */
env.logLevel = 'fatal';
disableTelemetry();

/**
 * Session options of one device; on the CPU, `threads` compute threads that sleep, not spin, between runs.
 *
 * @param entries of ONNX Runtime's session configuration, without `session.`
 */
export function sessionOptions(
  device: Device,
  threads: number,
  entries: Readonly<Record<string, string>> = {},
): InferenceSession.SessionOptions {
  return {
    executionProviders: [device],
    graphOptimizationLevel: 'all',
    // An arena would keep the memory of the largest batch until the model is disposed of.
    enableCpuMemArena: false,
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // A model has several sessions; spinning threads of the idle ones would take the cores from the busy one.
    extra: { session: { ...entries, intra_op: { allow_spinning: '0' } } },
    logSeverityLevel: 4,
  };
}

/**
 * The device a graph runs on: `embed` takes the sine of large angles, which a GPU may get wrong, and is small; `positions`
 * runs once for each size of grid.
 */
export function graphDevice(graph: ComponentName, device: Device): Device {
  return graph === 'embed' || graph === 'positions' ? 'cpu' : device;
}

/** Below this width a step of the head is sooner done by one thread than shared out to a second one. */
const SHARED_HEAD_WIDTH = 512;

/**
 * The threads a graph gets. `denoise` runs thousands of times an image, mostly on a few rows: where the head is narrow,
 * waking another thread costs more than it saves (256 wide, 8 rows, 2 cores: 0.19 ms with two threads, 0.13 ms with one).
 */
export function graphThreads(
  graph: ComponentName,
  { widths }: Pick<Manifest, 'widths'>,
  threads: number,
): number {
  return graph.startsWith('denoise') && widths.head < SHARED_HEAD_WIDTH ? 1 : threads;
}
