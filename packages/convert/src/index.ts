export { Checkpoint, type CheckpointOptions, type TakenWeights } from './checkpoint.js';
export { type ConvertOptions, type ConvertProgress, type ConvertReport, convertModel } from './convert.js';
export {
  type ConvertAutoencoderOptions,
  type ConvertedAutoencoder,
  convertAutoencoder,
} from './convert-autoencoder.js';
export {
  CheckpointKeysError,
  CheckpointValuesError,
  type MisshapenKey,
  OutputExistsError,
  OutputFolderError,
  SafetensorsFileError,
  SafetensorsFormatError,
  type SafetensorsProblem,
  TensorAccessError,
  type UnusableTensor,
} from './errors.js';
export { bfloat16ToFloat32, float16ToFloat32, float32ToFloat16 } from './float16.js';
export { GraphBuilder, type LazyWeight, type Value } from './graph-builder.js';
export { type SavedGraph, type SaveGraphOptions, saveGraph, type WeightStorage } from './graph-file.js';
export type { MarConfig, MarConfigJson } from './mar-config.js';
export { marKeys } from './mar-keys.js';
export { MAR_PRESETS, type MarPreset, PRESET_GUIDANCE, PUBLISHED_ADVICE } from './mar-presets.js';
export { openSafetensors, type SafetensorsFile, type TensorArray } from './safetensors.js';
export type { SafetensorsDtype } from './safetensors-header.js';
export { type TensorToWrite, writeSafetensors } from './safetensors-writer.js';
export { KL16, type VaeConfig, type VaeConfigJson } from './vae-config.js';
export type { WeightsKind } from './weight-copies.js';
