export { type CompareOptions, compare, type TimedRun, type VariantRuns } from './comparison.js';
export { decimalsOf, percent, plain, signed, withDeviation, withInterval } from './display/number-text.js';
export { type DrawnWith, machinesText, mixtureNote, threadsText, versionsText } from './drawn-with.js';
export {
  assertFolderEvaluation,
  drawInFolder,
  evaluateInFolder,
  type FolderDrawingOptions,
  type FolderEvaluation,
  type FolderEvaluationOptions,
} from './evaluate-in-folder.js';
export { type EvaluationDocument, networkText } from './evaluation-document.js';
export { EvaluationRequestError } from './evaluation-request-error.js';
export { variantsSheet } from './evaluation-sheets.js';
export { chanceNote, changesNote, fewPicturesNote, findingsOf, isMarginChanged } from './findings.js';
export { type Judging, type JudgingOptions, judgingFor } from './judging.js';
export { forestPlot, metricName } from './page/forest-plot.js';
export { plotFile } from './page/plot-file.js';
export { speedQualityPlot } from './page/speed-quality-plot.js';
export { baselineExcessText, hasOwnBaselines } from './report-table.js';
export { type ReportTextOptions, reportText } from './report-text.js';
export { SHOWN } from './shown-pictures.js';
export { EvaluationFolderError } from './store/evaluation-folder-error.js';
export { stepsOf, type TimeLeft, timeLeft } from './time-left.js';
export { type TimingSetUp, timingText } from './timing-set-up.js';
export type { Variant } from './variant.js';
export { type VariantLines, variantLines } from './variant-lines.js';
export { type WrittenEvaluation, writeEvaluation } from './write-evaluation.js';
