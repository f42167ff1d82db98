// What those who make pictures and write policies need. Authors of models and runtimes find more in `./model`, authors of
// samplers in `./diffusion`.
export { ancestralSampler } from './diffusion/ancestral-sampler.js';
export { ddimSampler } from './diffusion/ddim-sampler.js';
export type { DiffusionSampler } from './diffusion/diffusion-sampler.js';
export { dpmSolverSampler } from './diffusion/dpm-solver-sampler.js';
export { eulerSampler } from './diffusion/euler-sampler.js';
export { heunSampler } from './diffusion/heun-sampler.js';
export { annealedDiffusionSteps, type DiffusionStepSchedule } from './diffusion-steps.js';
export { type EditedImage, type EditOptions, edit, editImage } from './edit-image.js';
export { InvalidOptionError, InvalidPlanError, TesseraError } from './errors.js';
export { generate, generateImages } from './generate.js';
export type { GeneratedImage, GenerateEvent, GenerateOptions, ImageRequest } from './generation.js';
export { emptyGrid, type GridShape, type TokenGrid } from './grid.js';
export { constantGuidance, type GuidanceSchedule, intervalGuidance, linearGuidance } from './guidance.js';
export type { ImageMask, ImageRgb } from './image.js';
export { type LazyMarOptions, lazyMar } from './lazy-mar.js';
export { type Corrector, type LeastLikelyOptions, leastLikelyCorrector } from './least-likely-corrector.js';
export {
  cosineMaskSchedule,
  evenMaskSchedule,
  haltonMaskSchedule,
  type MaskSchedule,
  maskScheduleOf,
} from './mask-schedule.js';
export type { ClassInput, MaskedModel, ModelInput, TextFeatures, TextInput } from './model.js';
export { keyedNoise } from './noise/keyed.js';
export type { NoiseSource } from './noise/source.js';
export { type StepPlan, stepPlan } from './plan.js';
export { planImage } from './plan-image.js';
export { halton, haltonOrder } from './policies/halton.js';
export { orderedPolicy } from './policies/ordered.js';
export { randomOrder } from './policies/random-order.js';
export { raster } from './policies/raster.js';
export { shuffle } from './policies/shuffle.js';
export { subsample } from './policies/subsample.js';
export { type PolicyContext, plannedPolicy, type Refinement, type SamplingPolicy } from './policy.js';
export { inStage, refine } from './refinement.js';
export type { ReuseSchedule } from './reuse.js';
