export {
  type DiffusionProcess,
  epsilonSchedule,
  marDiffusion,
  type NoiseLevel,
  noiseLevel,
  type Prediction,
  trainingTimesteps,
  UnsupportedPredictionError,
} from './diffusion-process.js';
export { type CoefficientsSampler, type DiffusionSampler, isCoefficients } from './diffusion-sampler.js';
export {
  type EvaluateHead,
  functionSampler,
  type HeadPrediction,
  type SamplerContext,
  type SamplerFunction,
} from './function-sampler.js';
export { memoizeCoefficients } from './memoize-coefficients.js';
export {
  betaNoiseSchedule,
  cosineNoiseSchedule,
  linearNoiseSchedule,
  type NoiseSchedule,
} from './noise-schedule.js';
export { respaceTimesteps } from './respace-timesteps.js';
export { type RespacedSchedule, respacedSchedule } from './respaced-schedule.js';
export { type CoefficientsRun, runCoefficients } from './run-coefficients.js';
export type { DiffusionStep, SamplerCoefficients, StepNoise } from './sampler-coefficients.js';
export { historyLength, type SamplerStep, samplerStep } from './sampler-step.js';
export { type SolverLevel, solverLevels } from './solver-levels.js';
