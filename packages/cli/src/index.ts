export type { Io, ModelLoader } from './command-context.js';
export { contactSheet, type Sheet, type SheetCell, type SheetRow } from './contact-sheet.js';
export { type Picture, pictureAt, picturesOf } from './pictures.js';
export { type PolicyDescription, policyFrom } from './policy-description.js';
export { NAMED_POLICIES, type NamedPolicy, policyNamed } from './policy-names.js';
export { parseRecipe, type Recipe, RecipeError, readRecipe } from './recipe.js';
export { type RunOptions, run } from './run.js';
export { type Sampling, type SamplingDescription, samplingFrom } from './sampling-description.js';
