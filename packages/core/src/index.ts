export { type CancellationSignal, throwIfAborted } from './cancellation.js';
export { type Conditions, selectConditions } from './conditions.js';
export { ancestralSampler } from './diffusion/ancestral.js';
export { ddimSampler } from './diffusion/ddim.js';
export { dpmSolverSampler } from './diffusion/dpm-solver.js';
export { type HeadStep, headStep } from './diffusion/head-step.js';
export { respaceTimesteps } from './diffusion/respace.js';
export {
  type CosineSchedule,
  cosineSchedule,
  type RespacedSchedule,
  respacedSchedule,
} from './diffusion/schedule.js';
export type { DiffusionSampler, DiffusionStep, DiffusionTable, StepNoise } from './diffusion/table.js';
export {
  assertInteger,
  assertNumber,
  assertShape,
  InvalidOptionError,
  InvalidPlanError,
  ModelDisposedError,
  NonFiniteError,
  ShapeMismatchError,
  TesseraError,
} from './errors.js';
export {
  type GeneratedImage,
  type GenerateEvent,
  type GenerateOptions,
  type GenerateResult,
  generate,
  type ImageRequest,
  type ImageStep,
} from './generate.js';
export {
  copyGrid,
  emptyGrid,
  type GridShape,
  gridLength,
  maskedPositions,
  patchify,
  type TokenGrid,
  unpatchify,
} from './grid.js';
export {
  constantGuidance,
  type GuidanceContext,
  type GuidanceSchedule,
  intervalGuidance,
  linearGuidance,
} from './guidance.js';
export type { ImageRgb } from './image.js';
export type {
  Clamp,
  ClassInput,
  ConditionImage,
  ConditionRequest,
  MaskedModel,
  SamplingDefaults,
  TokenImage,
  TokenRequest,
} from './model.js';
export { keyedNoise, type NoiseSeed } from './noise/keyed.js';
export { philox4x32 } from './noise/philox.js';
export { replayNoise } from './noise/replay.js';
export type { NoiseKey, NoiseSource } from './noise/source.js';
export { fillTokenNoise } from './noise/token-noise.js';
export { type StepPlan, stepPlan } from './plan.js';
export { type PolicyContext, plannedPolicy, type SamplingPolicy } from './policy.js';
export { inStage, type Refinement, type RefinementContext, refine } from './refinement.js';
