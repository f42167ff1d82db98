export {
  assertSamplingFits,
  buildGuidance,
  buildPolicy,
  buildSampling,
  buildSettings,
  type Sampling,
  type SamplingSettings,
  samplingDefaults,
} from './build-sampling.js';
export { classLabelsOf } from './class-labels.js';
export { type Import, importLines, mergedImports, type SamplingCode, samplingCode } from './code-export.js';
export { decodeText } from './decode-text.js';
export { describePolicyConfig, describeSampling, samplingSteps, stepsText } from './describe-sampling.js';
export { type DiffusionDescription, diffusionFrom, diffusionSchema } from './diffusion-description.js';
export { type EditParts, type EditSource, type EditSubject, editRecipeOf } from './edit-recipe.js';
export { formatSpec } from './format-spec.js';
export { FORMER_COMPONENT_NAMES } from './former-component-names.js';
export { gridSizeOf } from './grid-size.js';
export { isHtml } from './html-page.js';
export {
  type Classes,
  COMPONENT_NAMES,
  type ComponentName,
  classesOf,
  type Family,
  type Manifest,
  type ManifestComponent,
  ManifestError,
  type ManifestVariant,
  parseManifest,
  STORAGE_TYPES,
  type StorageType,
  type TextCondition,
  tokenizerOf,
} from './manifest.js';
export { jsonHash, manifestHash } from './manifest-hash.js';
export {
  folderAddress,
  formatHubSource,
  HUB_ENDPOINT,
  type HubSource,
  hubAddress,
  isCheckpointName,
  type ModelSource,
  parseModelSource,
} from './model-source.js';
export {
  PARAMETER_OPTIONS,
  type ParameterOption,
  parseSettings,
  policyRows,
  specTable,
  specWords,
} from './parameter-help.js';
export { PARAMETERS, type Parameter, type TextRow } from './parameters.js';
export { type Problems, parseDocument } from './parse-document.js';
export { parseSpec, SamplerSpecError, type SpecFlags } from './parse-spec.js';
export {
  type ClassPicture,
  classNameOf,
  inputOf,
  type Picture,
  pictureAt,
  picturesOf,
  promptPictureAt,
  promptPictures,
  slugOf,
  type TextPicture,
  titleOf,
} from './pictures.js';
export { PRECISIONS, type Precision } from './precision.js';
export {
  NAMED_POLICIES,
  type NamedPolicy,
  POLICY_NAMES,
  policyNamed,
  QUICK_CORRECTION,
} from './presets.js';
export {
  EMBEDDED,
  EMBEDDED_TEXT,
  madeWith,
  parseRecipe,
  type Recipe,
  RecipeError,
  recipeFor,
  recipeOf,
} from './recipe.js';
export { differences } from './recipe-differences.js';
export {
  adviceOf,
  adviseSampling,
  type ModelDefaults,
  resolveSampling,
  resolveSettings,
  type SettingsConfig,
} from './resolve-sampling.js';
export {
  type GuidanceConfig,
  guidanceSchema,
  type PolicyConfig,
  type SamplerConfig,
  type SamplingConfig,
  type SamplingOverrides,
  samplingSchema,
} from './sampling-config.js';
export {
  FEATURES_FILE,
  FEATURES_LIST,
  parseTextFeatures,
  TextFeaturesError,
  type TextFeaturesList,
} from './text-features.js';
export { USUAL_BATCH, usualBatch } from './usual-batch.js';
