export { type Contest, compare } from './comparison.js';
export { type ArmLines, armLines } from './evaluate/arm-lines.js';
export { machinesText, mixtureNote, threadsText, versionsText } from './evaluate/drawn-with.js';
export {
  assertFolderEvaluation,
  drawInFolder,
  evaluateInFolder,
  type FolderDrawingOptions,
  type FolderEvaluation,
  type FolderEvaluationOptions,
} from './evaluate/evaluate-in-folder.js';
export { type EvaluationDocument, networkText } from './evaluate/evaluation-document.js';
export { armsSheet } from './evaluate/evaluation-sheets.js';
export {
  chanceNote,
  changesNote,
  fewPicturesNote,
  findingsOf,
  isMarginChanged,
} from './evaluate/findings.js';
export { type Judging, judgingFor } from './evaluate/judging.js';
export { type Machine, thisMachine } from './evaluate/machine.js';
export {
  decimalsOf,
  percent,
  plain,
  secondsText,
  signed,
  timesText,
  withInterval,
  withSpread,
} from './evaluate/number-text.js';
export { forestPlot, metricName } from './evaluate/page/forest-plot.js';
export { plotFile } from './evaluate/page/plot-file.js';
export { speedQualityPlot } from './evaluate/page/speed-quality-plot.js';
export { floorExcessText, hasOwnFloors } from './evaluate/report-table.js';
export { stepsOf, type TimeLeft, timeLeft } from './evaluate/time-left.js';
export { type TimingSetUp, timingText } from './evaluate/timing-set-up.js';
export { type WrittenEvaluation, writeEvaluation } from './evaluate/write-evaluation.js';
export { describeModel, embeddedModel, type ModelInUse } from './model-options.js';
export { writePng } from './png-file.js';
export type { NamedSampling } from './policies-option.js';
export { shortTime } from './progress-bar.js';
export { UsageError } from './usage-error.js';
export { writeJson, writeWhole } from './written-file.js';
