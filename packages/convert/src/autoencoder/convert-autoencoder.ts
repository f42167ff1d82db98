import { join, resolve } from 'node:path';
import type { CancellationSignal } from '@tessera/core/model';
import { openTensors } from '../checkpoint/open-tensors.js';
import { saveGraph } from '../graph/graph-file.js';
import { assertStorage, type WeightStorage } from '../graph/weight-storage.js';
import { writeOutput } from '../output/output-folder.js';

import { type Autoencoder, type AutoencoderConfigJson, openAutoencoder } from './open-autoencoder.js';

export interface ConvertAutoencoderOptions {
  /** Path of a `.safetensors` file under the published code's key names. */
  readonly checkpoint: string;
  readonly config: AutoencoderConfigJson;
  /** Beginnings of names in the file, or of keys, to pass over. Those of a training loss are passed over anyway. */
  readonly ignore?: readonly string[];
  /** The folder to write, with the graphs and nothing else. */
  readonly out: string;
  /**
   * Whether an existing folder is replaced, if it is empty or holds nothing but what conversions write.
   * @default false
   */
  readonly overwrite?: boolean;
  /** The type weights are stored in. @default 'fp16' */
  readonly dtype?: WeightStorage;
  readonly signal?: CancellationSignal;
}

/** An autoencoder's graphs on their own. */
export interface ConvertedAutoencoder {
  readonly config: Omit<Autoencoder, 'graphs' | 'forward'>;
  /** Absolute paths of `decoder.onnx` and `encoder.onnx`; see `vaeGraphs` for their inputs and outputs. */
  readonly decoder: string;
  /** Absent for DC-AE. */
  readonly encoder?: string;
}

/**
 * Converts an autoencoder by itself. A model folder has one beside its MAR model: see `convertModel`. The folder appears
 * under its name only when complete.
 *
 * @throws CheckpointKeysError if the checkpoint's tensors don't fit its configuration
 * @throws CheckpointValuesError if a tensor holds NaN or infinity, or nothing but zeros
 * @throws CheckpointFileError if the checkpoint can't be opened
 * @throws CheckpointFormatError if the checkpoint is damaged, or is of another format
 * @throws OutputExistsError if the folder exists and `overwrite` isn't set
 * @throws OutputFolderError if no folder can be made there
 * @throws InvalidOptionError for sizes out of range or in contradiction, a `dtype` that there is not, and an `out` that holds
 *   the working directory, the checkpoint or files that no conversion writes, with `overwrite` too
 */
export async function convertAutoencoder(options: ConvertAutoencoderOptions): Promise<ConvertedAutoencoder> {
  const { checkpoint, config: given, ignore, overwrite = false, dtype: storage = 'fp16', signal } = options;
  assertStorage('dtype', storage);
  const file = await openTensors(checkpoint);
  try {
    const { autoencoder, checkpoint: source } = openAutoencoder(given, file, ignore ? { ignore } : {});
    const { graphs, forward: _, ...config } = autoencoder;
    await source.assertValues({ signal });
    await writeOutput(options.out, { overwrite, reads: [checkpoint] }, async (partial) => {
      for (const [name, graph] of Object.entries(graphs)) {
        await saveGraph(graph, join(partial, `${name}.onnx`), { storage, ...(signal ? { signal } : {}) });
      }
    });
    const out = resolve(options.out);
    const encoder = graphs.encoder ? { encoder: join(out, 'encoder.onnx') } : {};
    return { config, decoder: join(out, 'decoder.onnx'), ...encoder };
  } finally {
    await file.close();
  }
}
