export {
  blobAccess,
  type RandomAccess,
  type UrlAccessOptions,
  urlAccess,
} from './checkpoint/random-access.js';
export { readTensors } from './checkpoint/read-tensors.js';
export type { TensorArray, TensorFile } from './checkpoint/tensor-file.js';
export type { TorchFile } from './checkpoint/torch-file.js';
export {
  CheckpointFileError,
  CheckpointFormatError,
  type CheckpointProblem,
  TensorAccessError,
} from './errors.js';
