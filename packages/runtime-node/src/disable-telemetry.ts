/**
 * Says to ONNX Runtime, in this process and in those that it starts, to gather no usage data: on Linux its packages for Node
 * store them in the user's cache folder and send them to its maker, unless `ORT_DISABLE_TELEMETRY` is set. What is set already
 * stays. It has to be called before the first session of the process, in its main thread: a worker's environment is a copy.
 *
 * `loadModel` and all else of this package does so by itself.
 *
 * ```ts
 * import { InferenceSession } from 'onnxruntime-node';
 *
 * disableTelemetry();
 * const session = await InferenceSession.create('network.onnx');
 * ```
 */
export function disableTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY ??= '1';
}
