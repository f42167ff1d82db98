import { join } from 'node:path';
import { assertInteger, type CancellationSignal } from '@tessera/core/model';
import type { TextCondition } from '@tessera/format';
import { openTensors } from '../checkpoint/open-tensors.js';
import { saveGraph } from '../graph/graph-file.js';
import { assertStorage, type WeightStorage } from '../graph/weight-storage.js';
import { type OpenTextEncoder, openTextEncoder, type TextEncoderSource } from './open-text-encoder.js';

export interface ConvertTextEncoderOptions extends TextEncoderSource {
  /** An empty folder that is there. */
  readonly folder: string;
  /** Rows that a prompt is padded or cut to. */
  readonly length: number;
  /** @default 'fp16' */
  readonly dtype?: WeightStorage;
  readonly signal?: CancellationSignal;
  /** @param share of the weights that are written */
  readonly onProgress?: (share: number) => void;
}

/** A text encoder's graph on its own. */
export interface ConvertedTextEncoder {
  readonly kind: OpenTextEncoder['kind'];
  /** Path of the graph: `ids` and `mask` [B, T] → `features` [B, T, Ct]. */
  readonly graph: string;
  /** Sizes, and how prompts become tokens. */
  readonly condition: TextCondition;
}

/**
 * Converts a text encoder by itself, for features made beforehand. A model folder has one beside its model: see `convertModel`.
 *
 * @throws CheckpointKeysError, CheckpointValuesError, CheckpointFileError, CheckpointFormatError as `convertModel` does
 * @throws InvalidOptionError for sizes out of range or in contradiction, and for a `dtype` that there is not
 */
export async function convertTextEncoder(options: ConvertTextEncoderOptions): Promise<ConvertedTextEncoder> {
  const { folder, length, dtype: storage = 'fp16', signal, onProgress } = options;
  assertStorage('dtype', storage);
  assertInteger('length', length, 1);
  const file = await openTensors(options.checkpoint);
  try {
    const { kind, checkpoint, graph, prompts, width } = openTextEncoder(file, options.config, length);
    await checkpoint.assertValues({ signal });
    const path = join(folder, 'textEncoder.onnx');
    let done = 0;
    await saveGraph(graph, path, {
      storage,
      ...(signal ? { signal } : {}),
      onWeight: () => onProgress?.(++done / graph.weights.size),
    });
    const condition = { kind: 'text' as const, length, width };
    return {
      kind,
      graph: path,
      condition: { ...condition, encoder: { tokenizer: 'tokenizer.json', ...prompts } },
    };
  } finally {
    await file.close();
  }
}
