export type { Io, ModelLoader } from './command-context.js';
export { contactSheet, type Sheet, type SheetCell, type SheetRow } from './contact-sheet.js';
export { readRecipe } from './recipe-file.js';
export { type RunOptions, run } from './run.js';
