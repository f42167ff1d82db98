export {
  type ConditionBatch,
  type GraphSession,
  type GraphSessions,
  MarGraphs,
} from './mar-graphs.js';
export { MarModel } from './mar-model.js';
export {
  assertFileHash,
  assertFileSize,
  fileAddress,
  type ManifestFile,
  ModelFileError,
  neededFiles,
  storedType,
} from './model-files.js';
export { pixelsFromPlanes, planesFromPixels } from './pixels.js';
export {
  type ReferenceReport,
  type ReferenceSample,
  recordReferenceSample,
  referenceProblem,
  verifyReferenceSample,
} from './reference-sample.js';
export { RemoteModel } from './remote/connect.js';
export type { Port } from './remote/port.js';
export { packError, type RemoteError, unpackError } from './remote/protocol.js';
export { type ServedModel, type Serving, serveModel } from './remote/serve.js';
export { RunQueue } from './run-queue.js';
export type { GraphStatistics, RunStatistics } from './run-statistics.js';
