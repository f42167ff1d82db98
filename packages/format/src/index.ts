export { type DiffusionDescription, diffusionFrom, diffusionSchema } from './diffusion-description.js';
export { type GuidanceDescription, guidanceFrom, guidanceSchema } from './guidance-description.js';
export { isHtml } from './html-page.js';
export {
  type ComponentName,
  type Manifest,
  type ManifestComponent,
  ManifestError,
  type ManifestVariant,
  parseManifest,
  type StorageType,
} from './manifest.js';
export { jsonHash, manifestHash } from './manifest-hash.js';
export {
  isPolicyName,
  NAMED_POLICIES,
  type NamedPolicy,
  POLICY_NAMES,
  type PolicyName,
} from './named-policies.js';
export { type Classes, classNameOf, type Picture, pictureAt, picturesOf, slugOf } from './pictures.js';
export {
  type CountsName,
  type GtrDescription,
  type OrderedDescription,
  type PolicyDescription,
  policyFrom,
} from './policy-description.js';
export { type PolicyNumbers, PolicyTextError, policyNamed } from './policy-text.js';
export { EMBEDDED, parseRecipe, type Recipe, RecipeError, recipeFor, recipeOf } from './recipe.js';
export { differences } from './recipe-differences.js';
export { assertSamplingFits } from './sampling-check.js';
export { type SamplingChoice, type SamplingSettings, samplingOf, settingsOf } from './sampling-choice.js';
export { samplingDefaults } from './sampling-defaults.js';
export {
  type SamplerDescription,
  type Sampling,
  type SamplingDescription,
  type SettingsDescription,
  samplingFrom,
  settingsFrom,
} from './sampling-description.js';
export { paceOf, samplingLine, samplingParts } from './sampling-line.js';
export { SUFFIXES, type Suffix } from './sampling-suffixes.js';
export { samplingNamed } from './sampling-text.js';
