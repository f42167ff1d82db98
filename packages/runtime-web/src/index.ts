export type { Precision } from '@tessera/format';
export {
  DeviceUnavailableError,
  type Fallback,
  type LoadProgress,
  ModelFileError,
  withTextEncoder,
} from '@tessera/onnx';
export { DEVICES, type Device, DeviceLostError } from './devices.js';
export type { Capability } from './gpu.js';
export { type LoadedModel, type LoadModelOptions, loadModel } from './load-model.js';
export type { FolderFiles } from './open-folder.js';
export type { WasmPaths } from './ort.js';
export { type Capabilities, probe } from './probe.js';
export { RuntimeFileError } from './runtime-files.js';
