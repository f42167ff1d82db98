export { contactSheet, type Sheet, type SheetCell, type SheetRow } from '@tessera/evaluation-report/display';
export type { Io, ModelLoader } from './command-context.js';
export { readRecipe } from './recipe-file.js';
export { type RunOptions, run } from './run.js';
