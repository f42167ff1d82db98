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
export {
  loadNetworkWithReference,
  type NetworkOptions,
  type NetworkWithReference,
} from './network-with-reference.js';
export { type ReportTextOptions, reportText } from './report-text.js';
export { EvaluationFolderError } from './store/folder-file.js';
export { SHOWN } from './store/variant-folder.js';
export { runStudy, type StudyOptions, type StudyProgress, studyEvaluation } from './study/run-study.js';
export { parseStudy, readStudy, type Study, sharedFolder, variantsOf } from './study/study.js';
export {
  readStudyRecord,
  renderStudy,
  type StudyRecord,
  studyPageFiles,
  writeStudy,
} from './study/write-study.js';
export { classSubjects, type Subjects, subjectsOf } from './subjects.js';
export { type TimeLeft, timeLeft } from './time-left.js';
export { parseSearchSpace, SEARCH_SPACE, type SearchSpace } from './tune/search-space.js';
export { type TuneOptions, type TuneOutcome, type Tuning, tune } from './tune/tune.js';
export type { TuneGoal } from './tune/worth.js';
export { tuningFindings, type WrittenTuning, writeTuning } from './tune/write-tuning.js';
export type { Variant } from './variant.js';
export { type VariantLines, variantLines } from './variant-lines.js';
export { type WrittenEvaluation, writeEvaluation } from './write-evaluation.js';
