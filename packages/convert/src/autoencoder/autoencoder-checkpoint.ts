import { Checkpoint, type CheckpointOptions } from '../checkpoint/checkpoint.js';
import { assertHolds } from '../checkpoint/checkpoint-contents.js';
import type { TensorFile } from '../checkpoint/tensor-file.js';
import { publishedNames } from './diffusers-names.js';

/**
 * A KL autoencoder's tensors under the published code's names, also where diffusers wrote them.
 *
 * @throws CheckpointFormatError if the file holds a model or a LoRA
 */
export function autoencoderOf(file: TensorFile, options: Pick<CheckpointOptions, 'ignore'>): Checkpoint {
  assertHolds(file, 'autoencoder');
  const anchor = hasQuantConv(file) ? 'post_quant_conv.weight' : 'decoder.conv_out.weight';
  return new Checkpoint(publishedNames(file), anchor, options);
}

/** Whether a KL autoencoder has the quantising convolutions, which that of Stable Diffusion 3 lacks. */
export function hasQuantConv(file: TensorFile): boolean {
  return file.names.some((name) => name.endsWith('post_quant_conv.weight'));
}
