export {
  type ConvertAutoencoderOptions,
  type ConvertedAutoencoder,
  convertAutoencoder,
} from './autoencoder/convert-autoencoder.js';
export type { DiffusersVaeConfigJson } from './autoencoder/diffusers-config.js';
export {
  type Autoencoder,
  type AutoencoderConfigJson,
  openAutoencoder,
} from './autoencoder/open-autoencoder.js';
export { KL16, resolveVaeConfig, type VaeConfig, type VaeConfigJson } from './autoencoder/vae-config.js';
export { vaeKeys } from './autoencoder/vae-layers.js';
export { Checkpoint, type CheckpointOptions, type TakenWeights } from './checkpoint/checkpoint.js';
export { openTensors } from './checkpoint/open-tensors.js';
export type { SafetensorsDtype } from './checkpoint/safetensors-header.js';
export { type TensorToWrite, writeSafetensors } from './checkpoint/safetensors-writer.js';
export type { TensorArray, TensorFile } from './checkpoint/tensor-file.js';
export type { TorchFile } from './checkpoint/torch-file.js';
export type { WeightsKind } from './checkpoint/weight-copies.js';
export { type ConvertOptions, type ConvertProgress, type ConvertReport, convertModel } from './convert.js';
export { type DcAeConfig, dcAeLayers } from './dc-ae/dc-ae-config.js';
export { dcAeKeys } from './dc-ae/dc-ae-keys.js';
export {
  CheckpointFileError,
  CheckpointFormatError,
  CheckpointKeysError,
  type CheckpointProblem,
  CheckpointValuesError,
  type ForwardCheck,
  ForwardCheckError,
  type MisshapenKey,
  OutputExistsError,
  OutputFolderError,
  TensorAccessError,
  type UnusableTensor,
} from './errors.js';
export type { GraphValue, RunnableGraph } from './forward/graph-values.js';
export { type ForwardJointPicture, forwardJointPicture } from './forward/joint-forward.js';
export type { OpenWritten } from './forward/open-stretches.js';
export { bfloat16ToFloat32, float16ToFloat32, float32ToFloat16 } from './graph/float16.js';
export { GraphBuilder, type LazyWeight, type Value } from './graph/graph-builder.js';
export { type SavedGraph, type SaveGraphOptions, saveGraph } from './graph/graph-file.js';
export type { WeightStorage } from './graph/weight-storage.js';
export { LIGHTGEN, type LightgenConfigJson } from './lightgen/lightgen-config.js';
export { lightgenKeys } from './lightgen/lightgen-keys.js';
export type { LlamaConfig, LlamaConfigJson } from './llama/llama-config.js';
export { llamaKeys } from './llama/llama-graph.js';
export type { MarConfig, MarConfigJson } from './mar/mar-config.js';
export { marKeys } from './mar/mar-keys.js';
export { MAR_PRESETS, type MarPreset, PRESET_GUIDANCE, PUBLISHED_ADVICE } from './mar/mar-presets.js';
export type { FamilyModel, ModelConfigJson, ModelPreset } from './model-family.js';
export { type NitroConfig, type NitroConfigJson, resolveNitroConfig } from './nitro/nitro-config.js';
export { nitroBlockGraph, nitroGraphs } from './nitro/nitro-graphs.js';
export { nitroKeys } from './nitro/nitro-keys.js';
export { positionTable } from './nitro/position-table.js';
export type { ModelPart } from './output/model-parts.js';
export {
  type ConvertedTextEncoder,
  type ConvertTextEncoderOptions,
  convertTextEncoder,
} from './text-encoder/convert-text-encoder.js';
export type { TextEncoderSource } from './text-encoder/open-text-encoder.js';
export type {
  T5ConfigJson,
  TextEncoderConfigJson,
  WordPieceEncoderConfigJson,
} from './text-encoder/text-encoder-config.js';
