import { fileAccess } from './file-access.js';
import { readTensors } from './read-tensors.js';
import type { TensorFile } from './tensor-file.js';
import type { TorchFile } from './torch-file.js';

/**
 * Opens a checkpoint of any kind: see {@link readTensors}.
 *
 * @param path a file
 * @throws CheckpointFileError if there is no such file, or it can't be opened
 * @throws CheckpointFormatError if it is damaged, hostile, or of another kind, which the message names
 */
export async function openTensors(path: string): Promise<TensorFile | TorchFile> {
  const source = await fileAccess(path);
  try {
    return await readTensors(source);
  } catch (error) {
    await source.close();
    throw error;
  }
}
