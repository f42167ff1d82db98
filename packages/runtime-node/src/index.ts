export type { Precision } from '@tessera/format';
export {
  DeviceUnavailableError,
  type Fallback,
  type LoadProgress,
  type ManifestFile,
  MemoryError,
  ModelFileError,
  withTextEncoder,
} from '@tessera/onnx';
export { defaultCacheFolder } from './cache-folder.js';
export { type FetchedCheckpoint, fetchCheckpoint } from './checkpoint/checkpoint-source.js';
export type { CheckpointOptions } from './checkpoint/converted-folder.js';
export { DEVICES, type Device } from './devices.js';
export { disableTelemetry } from './disable-telemetry.js';
export { type LoadedModel, type LoadModelOptions, loadModel } from './load-model.js';
export { checkFile, readManifest } from './model-files.js';
export { openGraph } from './open-graph.js';
export { readPng, writePng } from './png-file.js';
export { type DeviceReport, probeDevices } from './probe-devices.js';
export { recordSample } from './record-sample.js';
export { openTextEncoder } from './text/open-text-encoder.js';
export { readFeatures, type StoredFeatures } from './text/read-features.js';
