export { onAbort } from './abort-listener.js';
export type { CachedBatch, CachedTransformer, Caches } from './cached-transformer.js';
export type { ConditionBatch } from './condition-batch.js';
export { GraphRunner, type GraphSession, type GraphSessions } from './graph-runner.js';
export { GraphTextEncoder } from './graph-text-encoder.js';
export { halfGraph } from './half-precision/half-graph.js';
export {
  precisionObstacle,
  type StartedInPrecision,
  startInPrecision,
  takesHalf,
} from './half-precision/start-in-precision.js';
export { LightgenGraphs } from './lightgen/lightgen-graphs.js';
export { bytesText } from './loading/bytes-text.js';
export { createMarModel, type ModelSource, modelGraphs } from './loading/create-mar-model.js';
export { DeviceUnavailableError } from './loading/device-unavailable-error.js';
export {
  type Loaded,
  type LoadedModel,
  loadInWorker,
  type ModelWorker,
  serveLoading,
} from './loading/load-in-worker.js';
export {
  type LoadOptions,
  type LoadProgress,
  type LoadRequest,
  loadRequest,
} from './loading/load-options.js';
export { assertMemory, MemoryError, weightsMemory } from './loading/memory-need.js';
export { type Fallback, firstSentence, startOnDevice } from './loading/start-on-device.js';
export { type ReplicaOptions, withReplicas } from './loading/with-replicas.js';
export { withTextEncoder } from './loading/with-text-encoder.js';
export { MarGraphs } from './mar-graphs.js';
export { MarModel } from './mar-model.js';
export {
  assertFileHash,
  assertFileSize,
  fileAddress,
  isConnectionError,
  type ListedFile,
  type ManifestFile,
  ModelFileError,
  neededFiles,
  storedType,
} from './model-files.js';
export { ModelGraphs } from './model-graphs.js';
export { NitroGraphs } from './nitro-graphs.js';
export { pixelsFromPlanes, planesFromPixels } from './pixels.js';
export {
  assertReferenceSample,
  type ReferenceReport,
  type ReferenceSample,
  recordReferenceSample,
  verifyReferenceSample,
} from './reference-sample.js';
export { RemoteModel } from './remote/connect.js';
export { type Port, webPort } from './remote/port.js';
export { packError, type RemoteError, unpackError } from './remote/remote-error.js';
export {
  answerCalls,
  type CallContext,
  Caller,
  type CallOptions,
  type CallShape,
  type Handlers,
} from './remote/rpc.js';
export { type ServedModel, type Serving, serveModel } from './remote/serve.js';
export { RunQueue } from './run-queue.js';
export type { GraphStatistics, RunStatistics } from './run-statistics.js';
export { type FetchFilesOptions, fetchFiles, type RemoteFile } from './store/fetch-files.js';
export { type FetchedModel, type FetchModelOptions, fetchModel } from './store/fetch-model.js';
export { foreignContent } from './store/foreign-content.js';
export {
  type HttpAnswer,
  type HttpOptions,
  type HttpRequestOptions,
  readText,
  requestFile,
  requestText,
} from './store/http-request.js';
export { memoryStore } from './store/memory-store.js';
export type { CommittedModel, FileStore, ModelStore } from './store/model-store.js';
export { sha256 } from './store/sha256.js';
export type { TextModelOptions } from './text/text-values.js';
