export { baselineExcess } from './baselines.js';
export { centredInterval } from './centred-interval.js';
export { assertEvaluateOptions, LEAST_RESAMPLES, leastPictures } from './checked-options.js';
export { drawVariants } from './draw-variants.js';
export { evaluate } from './evaluate.js';
export type {
  AskedPrompts,
  DrawingOptions,
  EvaluateOptions,
  EvaluationProgress,
  EvaluationVariant,
} from './evaluation-options.js';
export type {
  Baseline,
  ComparedMetric,
  Comparison,
  Estimate,
  EvaluationReport,
  Margins,
  PromptScore,
  Quartiles,
  VariantMetrics,
  VariantReport,
  Verdict,
} from './evaluation-report.js';
export type { DrawnPicture, EvaluationStore, MeasuredPicture, VariantIdentity } from './evaluation-store.js';
export type { ExtractedFeatures, FeatureNetwork } from './feature-network.js';
export {
  type FeatureNetworkDescription,
  featureNetworkReference,
  parseFeatureNetwork,
} from './feature-network-description.js';
export {
  type FrechetReference,
  frechetDistance,
  frechetReference,
  frechetResampler,
} from './frechet-distance.js';
export { intraClassDistance } from './intra-class-distance.js';
export { kernelDistance, kernelDistances } from './kernel-distance.js';
export { type KernelOptions, type KernelReference, kernelReference } from './kernel-reference.js';
export {
  FeatureNetworkError,
  type NetworkDescription,
  parseNetworkDescription,
} from './network-description.js';
export { type FeatureSession, type OnnxNetworkOptions, onnxNetwork } from './onnx-network.js';
export {
  type Manifold,
  manifoldOf,
  type PrecisionAndRecall,
  precisionAndRecall,
} from './precision-recall.js';
export { quartilesOf } from './quartiles.js';
export { readScenePrompt } from './read-scene-prompt.js';
export {
  type RecordedVariant,
  recordedBytes,
  recordedPictures,
} from './recorded-variant.js';
export type { ReferencePictures } from './reference-pictures.js';
export { halvesOfReference } from './reference-split.js';
export { resampleCounts, varianceCorrection } from './resampling.js';
export {
  type FoundThing,
  type KnownThing,
  meetsPrompt,
  type PromptSet,
  parsePromptSet,
  type ScenePrompt,
} from './scene-prompts.js';
export { classAccuracy, corruptionShares } from './shares.js';
export { isShare, overallVerdict, verdictOf } from './verdict.js';
