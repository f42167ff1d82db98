export { type CancellationSignal, throwIfAborted } from './cancellation.js';
export { assertClamp } from './clamp.js';
export { type Conditions, selectConditions } from './conditions.js';
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
export {
  constantGuidance,
  type GuidanceContext,
  type GuidanceSchedule,
  intervalGuidance,
  linearGuidance,
  type TokenGuidance,
} from './guidance.js';
export type { ImageRgb } from './image.js';
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
export { MAX_DIFFUSION_STEPS, type StepPlan, stepPlan } from './plan.js';
export { planImage } from './plan-image.js';
export { type HaltonOptions, halton, haltonOrder } from './policies/halton.js';
export { type OrderedOptions, type OrderedPolicyOptions, orderedPolicy } from './policies/ordered.js';
export { type RandomOrderOptions, randomOrder } from './policies/random-order.js';
export { raster } from './policies/raster.js';
export { shuffle } from './policies/shuffle.js';
export { subsample } from './policies/subsample.js';
export { type PolicyContext, plannedPolicy, type SamplingPolicy } from './policy.js';
export { inStage, type Refinement, type RefinementContext, refine } from './refinement.js';
