export { centredInterval } from './centred-interval.js';
export { assertEvaluateOptions, LEAST_RESAMPLES, leastPictures } from './checked-options.js';
export { type DrawingOptions, drawArms } from './draw-arms.js';
export { evaluate } from './evaluate.js';
export type { EvaluateOptions, EvaluationArm, EvaluationProgress } from './evaluation-options.js';
export type {
  ArmMetrics,
  ArmReport,
  ComparedMetric,
  Comparison,
  Estimate,
  EvaluationReport,
  Floor,
  Margins,
  Quartiles,
  Verdict,
} from './evaluation-report.js';
export type { ArmIdentity, DrawnPicture, EvaluationStore, JudgedPicture } from './evaluation-store.js';
export type { FeatureNetwork, Judgements } from './feature-network.js';
export { floorExcess } from './floors.js';
export {
  type FrechetReference,
  frechetDistance,
  frechetReference,
  frechetResampler,
} from './frechet-distance.js';
export { intraClassDistance } from './intra-class-distance.js';
export { type JudgeDescription, judgeReference, parseJudge } from './judge.js';
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
export type { ReferencePictures } from './reference-pictures.js';
export { resampleCounts, resampleSpread } from './resampling.js';
export { classAccuracy, damageShares } from './shares.js';
export { verdictOf } from './verdict.js';
