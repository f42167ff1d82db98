export type { EvaluateOptions, EvaluationArm, EvaluationProgress } from './evaluation-options.js';
export type {
  ArmMetrics,
  ArmReport,
  ComparedMetric,
  Comparison,
  Estimate,
  EvaluationReport,
  Floor,
  Quartiles,
  Verdict,
} from './evaluation-report.js';
export type { ArmIdentity, DrawnPicture, EvaluationStore, JudgedPicture } from './evaluation-store.js';
export type { FeatureNetwork, Judgements } from './feature-network.js';
export type { ReferencePictures } from './reference-pictures.js';
