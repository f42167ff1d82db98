export { type BisectedOrderOptions, bisectedOrder } from './bisected-order.js';
export {
  type Bisection,
  type CheckerboardColour,
  diagonalSubsets,
  MAX_STAGES,
  quincunxSubsets,
  type SubsetOptions,
} from './bisection.js';
export {
  type GenerationThenReconstructionOptions,
  generationThenReconstruction,
} from './generation-then-reconstruction.js';
export { GTR_PRESETS, type GtrOptions, type GtrPreset, type GtrPresetOptions, gtr } from './preset.js';
export type { StageOrder } from './stage-order.js';
export type { SubsetChoice } from './subset-choice.js';
