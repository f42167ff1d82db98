import { CheckpointFormatError } from '../errors.js';
import type { TensorFile } from './tensor-file.js';

const LORA = /(^|\.)lora_(A|B|up|down)(\.|$)/;
/** Tensors of one kind of checkpoint and not of the other. */
const ONLY = {
  model: /(^|\.)(fake_latent|mask_token|diffloss\.net\.|(en|de)coder_blocks\.)/,
  autoencoder: /(^|\.)(post_quant_conv|decoder\.conv_out)\./,
} as const;

/**
 * @throws CheckpointFormatError if a file holds an autoencoder in place of a model, the other way round, or a LoRA in place
 *   of either
 */
export function assertHolds(file: TensorFile, wanted: keyof typeof ONLY): void {
  const has = (pattern: RegExp): boolean => file.names.some((name) => pattern.test(name));
  const fail = (detail: string): never => {
    throw new CheckpointFormatError(file.path, 'other-model', detail);
  };
  if (file.names.every((name) => LORA.test(name)) && file.names.length > 0) {
    fail('it holds a LoRA, which changes a model and is none. Merge both in Python, and give the result');
  }
  if (has(ONLY[wanted])) return;
  if (wanted === 'model' && has(ONLY.autoencoder)) {
    fail(
      'it holds an autoencoder where a model is needed. Give the model first, and this file as its autoencoder (--vae)',
    );
  }
  if (wanted === 'autoencoder' && has(ONLY.model)) {
    fail('it holds a model where an autoencoder is needed. Give it first, and the autoencoder here (--vae)');
  }
}
