import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { CancellationSignal } from '@tessera/core';
import { Checkpoint } from './checkpoint.js';
import { saveGraph, type WeightStorage } from './graph-file.js';
import { openSafetensors } from './safetensors.js';
import { KL16, resolveVaeConfig, type VaeConfig, type VaeConfigJson } from './vae-config.js';
import { vaeGraphs } from './vae-graphs.js';

export interface ConvertAutoencoderOptions {
  /** Path of a `.safetensors` file under the published code's key names. */
  readonly checkpoint: string;
  readonly config: VaeConfigJson | 'kl16';
  /** Beginnings of keys to pass over, such as those of a training loss. */
  readonly ignore?: readonly string[];
  /** The folder to write the graphs to; made if need be. */
  readonly out: string;
  /** The type weights are stored in. @default 'fp16' */
  readonly dtype?: WeightStorage;
  readonly signal?: CancellationSignal;
}

/** An autoencoder's graphs on their own. */
export interface ConvertedAutoencoder {
  readonly config: VaeConfig;
  /** Absolute paths of `decoder.onnx` and `encoder.onnx`; see `vaeGraphs` for their inputs and outputs. */
  readonly decoder: string;
  readonly encoder: string;
}

/**
 * Converts a KL autoencoder by itself. A model folder has one beside its MAR model: see `convertModel`.
 *
 * @throws CheckpointKeysError if the checkpoint's tensors don't fit its configuration
 * @throws SafetensorsFormatError if the checkpoint is damaged
 */
export async function convertAutoencoder(options: ConvertAutoencoderOptions): Promise<ConvertedAutoencoder> {
  const { checkpoint, config: given, ignore, dtype: storage = 'fp16', signal } = options;
  const out = resolve(options.out);
  const file = await openSafetensors(checkpoint);
  try {
    const config = resolveVaeConfig(given === 'kl16' ? KL16 : given);
    const graphs = vaeGraphs(config, new Checkpoint(file, 'post_quant_conv.weight', ignore));
    await mkdir(out, { recursive: true });
    const save = async (name: keyof typeof graphs): Promise<string> => {
      const path = join(out, `${name}.onnx`);
      await saveGraph(graphs[name], path, { storage, ...(signal ? { signal } : {}) });
      return path;
    };
    return { config, decoder: await save('decoder'), encoder: await save('encoder') };
  } finally {
    await file.close();
  }
}
