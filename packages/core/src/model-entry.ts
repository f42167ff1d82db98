// What authors of models, runtimes and libraries of policies need besides the main entry.
export { type CancellationSignal, throwIfAborted } from './cancellation.js';
export { assertClamp } from './clamp.js';
export { ConditionRows, type DeviceTensor, memoryTensor } from './condition-rows.js';
export type { Conditions } from './conditions.js';
export {
  type AnnealedDiffusionStepsOptions,
  constantDiffusionSteps,
  type DiffusionStepSchedule,
} from './diffusion-steps.js';
export type { Margins } from './edit-frame.js';
export type { EditResult } from './edit-image.js';
export {
  assertInteger,
  assertNumber,
  assertShape,
  ConditionsReleasedError,
  InvalidPlanError,
  ModelDisposedError,
  NonFiniteError,
  ShapeMismatchError,
  typeNote,
  UnguidedConditionsError,
} from './errors.js';
export type { GenerateResult, ImageStep, OnProgress, PlannedStep, Progress } from './generation.js';
export {
  assertGrid,
  copyGrid,
  emptyGrid,
  gridLength,
  maskedPositions,
  patchify,
  unpatchify,
} from './grid.js';
export { groupBy } from './group-by.js';
export type { GuidanceContext, TokenGuidance } from './guidance.js';
export type { ImageSize } from './image.js';
export type { LazyMarOptions } from './lazy-mar.js';
export type { Corrector, LeastLikelyOptions } from './least-likely-corrector.js';
export {
  arccosMask,
  cosineMask,
  haltonMaskSchedule,
  linearMask,
  type MaskFraction,
  maskScheduleOf,
  rootMask,
  squareMask,
} from './mask-schedule.js';
export type {
  Clamp,
  ClassInput,
  ConditionImage,
  ConditionRequest,
  GlobalTokenRequest,
  HeadRequest,
  SamplingDefaults,
  TextEncoder,
  TextFeatures,
  TextInput,
  TokenImage,
  TokenRequest,
} from './model.js';
export type { NoiseSeed } from './noise/keyed.js';
export { replayNoise } from './noise/replay.js';
export type { NoiseKey } from './noise/source.js';
export { fillTokenNoise } from './noise/token-noise.js';
export { plainData } from './plain-data.js';
export { MAX_DIFFUSION_STEPS } from './plan.js';
export { planImage } from './plan-image.js';
export type { HaltonOptions } from './policies/halton.js';
export type { OrderedOptions, OrderedPolicyOptions } from './policies/ordered.js';
export type { RandomOrderOptions } from './policies/random-order.js';
export type { RefinementContext } from './policy.js';
export { proxyModel } from './proxy-model.js';
export { resizeBilinear, resizeImage } from './resize.js';
export {
  assertReuse,
  type ConditionReuse,
  type HeadEffort,
  type HeadReuse,
  headEffort,
  type ReuseAbilities,
  type ReuseContext,
  type ReuseSchedule,
  type StepReuse,
  type TokenReuse,
} from './reuse.js';
export { type SamplingWork, samplingWork } from './sampling-work.js';
