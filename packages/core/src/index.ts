export { type CancellationSignal, throwIfAborted } from './cancellation.js';
export { assertClamp } from './clamp.js';
export { ConditionRows, type DeviceTensor, memoryTensor } from './condition-rows.js';
export type { Conditions } from './conditions.js';
export { ancestralSampler } from './diffusion/ancestral-sampler.js';
export { ddimSampler } from './diffusion/ddim-sampler.js';
export {
  type DiffusionProcess,
  marDiffusion,
  UnsupportedPredictionError,
} from './diffusion/diffusion-process.js';
export type { CoefficientsSampler, DiffusionSampler } from './diffusion/diffusion-sampler.js';
export { dpmSolverSampler } from './diffusion/dpm-solver-sampler.js';
export { eulerSampler } from './diffusion/euler-sampler.js';
export { functionSampler } from './diffusion/function-sampler.js';
export { heunSampler } from './diffusion/heun-sampler.js';
export {
  type AnnealedDiffusionStepsOptions,
  annealedDiffusionSteps,
  constantDiffusionSteps,
  type DiffusionStepSchedule,
  diffusionStepSchedule,
} from './diffusion-steps.js';
export type { Margins } from './edit-frame.js';
export { type EditedImage, type EditOptions, type EditResult, edit, editImage } from './edit-image.js';
export {
  assertInteger,
  assertNumber,
  assertShape,
  ConditionsReleasedError,
  InvalidOptionError,
  InvalidPlanError,
  ModelDisposedError,
  NonFiniteError,
  ShapeMismatchError,
  TesseraError,
  UnguidedConditionsError,
} from './errors.js';
export { generate, generateImages } from './generate.js';
export type {
  GeneratedImage,
  GenerateEvent,
  GenerateOptions,
  GenerateResult,
  ImageRequest,
  ImageStep,
  OnProgress,
  PlannedStep,
  Progress,
} from './generation.js';
export {
  assertGrid,
  copyGrid,
  emptyGrid,
  type GridShape,
  gridLength,
  maskedPositions,
  patchify,
  type TokenGrid,
  unpatchify,
} from './grid.js';
export { groupBy } from './group-by.js';
export {
  constantGuidance,
  type GuidanceContext,
  type GuidanceSchedule,
  intervalGuidance,
  linearGuidance,
  type TokenGuidance,
} from './guidance.js';
export type { ImageMask, ImageRgb, ImageSize } from './image.js';
export {
  arccosMask,
  cosineMask,
  cosineMaskSchedule,
  evenMaskSchedule,
  haltonMaskSchedule,
  linearMask,
  type MaskFraction,
  type MaskSchedule,
  maskScheduleOf,
  rootMask,
  squareMask,
} from './mask-schedule.js';
export type {
  Clamp,
  ClassInput,
  ConditionImage,
  ConditionRequest,
  HeadRequest,
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
export { plainData } from './plain-data.js';
export { MAX_DIFFUSION_STEPS, type StepPlan, stepPlan } from './plan.js';
export { planImage } from './plan-image.js';
export { type HaltonOptions, halton, haltonOrder } from './policies/halton.js';
export { type OrderedOptions, type OrderedPolicyOptions, orderedPolicy } from './policies/ordered.js';
export { type RandomOrderOptions, randomOrder } from './policies/random-order.js';
export { raster } from './policies/raster.js';
export { shuffle } from './policies/shuffle.js';
export { subsample } from './policies/subsample.js';
export {
  type PolicyContext,
  plannedPolicy,
  type Refinement,
  type RefinementContext,
  type SamplingPolicy,
} from './policy.js';
export { proxyModel } from './proxy-model.js';
export { inStage, refine } from './refinement.js';
export { resizeBilinear, resizeImage } from './resize.js';
export { type SamplingWork, samplingWork } from './sampling-work.js';
