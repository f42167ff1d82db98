export { type ManifestFile, ModelFileError } from '@tessera/onnx';
export { DEVICES, type Device, DeviceUnavailableError, type Fallback } from './devices.js';
export { defaultCacheFolder } from './download.js';
export { type LoadedModel, type LoadModelOptions, type LoadProgress, loadModel } from './load-model.js';
export { checkFile, readManifest } from './model-files.js';
export { readPng, writePng } from './png-file.js';
export { type DeviceReport, probeDevices } from './probe-devices.js';
