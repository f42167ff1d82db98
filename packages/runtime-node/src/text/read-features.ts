import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TextEncoder, type TextFeatures, throwIfAborted } from '@tessera/core/model';
import {
  FEATURES_FILE,
  FEATURES_LIST,
  parseTextFeatures,
  TextFeaturesError,
  type TextFeaturesList,
} from '@tessera/format';

/** Features made beforehand, as a text encoder that knows their prompts alone. */
export interface StoredFeatures extends TextEncoder {
  /** What made them. */
  readonly encoder: TextFeaturesList['encoder'];
  /** The prompts that it knows; the empty one stands for none. */
  readonly prompts: readonly string[];
}

/**
 * Opens what `tessera encode-text` wrote. A prompt's features are read when it is first asked for.
 *
 * @param folder with `features.json` and `features.safetensors`
 * @throws TextFeaturesError where they can't be read; from `encode`, for prompts that they have none of
 * @example
 * const model = withTextEncoder(await loadModel('models/nitro-ar'), await readFeatures('features'));
 */
export async function readFeatures(folder: string): Promise<StoredFeatures> {
  const json = await readFile(join(folder, FEATURES_LIST), 'utf8').catch((cause: unknown) => {
    const advice = 'Name a folder that tessera encode-text has written';
    throw new TextFeaturesError(`${folder} has no ${FEATURES_LIST}. ${advice}.`, { cause });
  });
  const { encoder, length, width, prompts: listed } = parseTextFeatures(json, join(folder, FEATURES_LIST));
  const { openTensors } = await import('@tessera/convert');
  const file = await openTensors(join(folder, FEATURES_FILE));
  const places = new Map(listed.map(({ prompt }, index) => [prompt, index]));
  const read = async (prompt: string): Promise<TextFeatures> => {
    const index = places.get(prompt);
    if (index === undefined) {
      throw new TextFeaturesError(
        `${folder} has no features of "${prompt}". Encode it too: tessera encode-text takes a file with a prompt a line.`,
      );
    }
    const features = await file.readFloats(`features.${index}`);
    return { features, mask: new Uint8Array(length).fill(1, 0, listed[index]!.tokens) };
  };
  return {
    encoder,
    length,
    width,
    prompts: listed.map(({ prompt }) => prompt),
    async encode(prompts, { signal } = {}) {
      const encoded: TextFeatures[] = [];
      for (const prompt of prompts) {
        throwIfAborted(signal);
        encoded.push(await read(prompt));
      }
      return encoded;
    },
    dispose: () => file.close(),
  };
}
