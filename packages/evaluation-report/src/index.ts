export { type CompareOptions, compare, type TimedRun, type VariantRuns } from './comparison.js';
export {
  type DrawingReport,
  type DrawingTask,
  drawSideBySide,
  type SideBySideOptions,
} from './drawing/draw-side-by-side.js';
export {
  assertFolderEvaluation,
  drawInFolder,
  evaluateInFolder,
  type FolderDrawingOptions,
  type FolderEvaluation,
  type FolderEvaluationOptions,
} from './evaluate-in-folder.js';
export type { EvaluationDocument } from './evaluation-document.js';
export { EvaluationRequestError } from './evaluation-request-error.js';
export { isMarginChanged } from './findings.js';
export { type Judging, type JudgingOptions, judgingFor } from './judging.js';
export { type ReportTextOptions, reportText } from './report-text.js';
export { SHOWN } from './shown-pictures.js';
export { EvaluationFolderError } from './store/evaluation-folder-error.js';
export { runStudy, type StudyOptions, type StudyProgress, studyEvaluation } from './study/run-study.js';
export { parseStudy, readStudy, type Study, sharedFolder, variantsOf } from './study/study.js';
export {
  readStudyRecord,
  renderStudy,
  type StudyRecord,
  studyPageFiles,
  writeStudy,
} from './study/write-study.js';
export { type TimeLeft, timeLeft } from './time-left.js';
export type { Variant } from './variant.js';
export { type VariantLines, variantLines } from './variant-lines.js';
export { type WrittenEvaluation, writeEvaluation } from './write-evaluation.js';
