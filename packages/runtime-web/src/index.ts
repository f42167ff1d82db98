export { ModelFileError } from '@tessera/onnx';
export { connectWorker, type WorkerConnection } from './connect-worker.js';
export { DEVICES, type Device, DeviceLostError, DeviceUnavailableError, type Fallback } from './devices.js';
export { type LoadedModel, type LoadModelOptions, loadModel } from './load-model.js';
export type { WasmPaths } from './ort.js';
export { type Capabilities, type Capability, probe } from './probe.js';
export { RuntimeFileError } from './runtime-files.js';
export type { LoadProgress } from './worker-messages.js';
