import type { FeatureNetwork } from '@tessera/evaluate';
import * as v from 'valibot';
import { readPng } from '../files/png-file.js';

const thing = v.object({
  thing: v.number(),
  colour: v.nullable(v.string()),
  size: v.string(),
  row: v.number(),
  column: v.number(),
});

/** What a network finds in a picture, as a line of `seen-NETWORK.jsonl` holds it. */
export const seenEntries = {
  seenClass: v.nullable(v.number()),
  seenDamage: v.nullable(v.number()),
  /** Absent where the network looks for none. */
  seenThings: v.exactOptional(v.array(thing)),
  /** float32, little-endian, in base64. */
  features: v.string(),
};

const schema = v.object(seenEntries);

/** What a network finds in a picture. */
export type SeenPicture = v.InferOutput<typeof schema>;

export function featuresText(features: Float32Array): string {
  const bytes = Buffer.alloc(features.length * 4);
  for (const [i, value] of features.entries()) bytes.writeFloatLE(value, i * 4);
  return bytes.toString('base64');
}

export function featuresOf({ features }: SeenPicture): Float32Array {
  const bytes = Buffer.from(features, 'base64');
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4));
}

/** Pictures that a network is shown at once. */
const AT_ONCE = 48;

/**
 * Shows picture files to a network. What it finds is saved after each batch, so that a stop costs no more than one.
 *
 * @param options.save called with the place of a batch's first file, and what was found in each of the batch
 */
export async function extractFiles(
  paths: readonly string[],
  options: {
    readonly network: FeatureNetwork;
    readonly signal: AbortSignal;
    readonly save: (first: number, found: readonly SeenPicture[]) => Promise<void>;
  },
): Promise<void> {
  const { network, signal, save } = options;
  for (let first = 0; first < paths.length; first += AT_ONCE) {
    signal.throwIfAborted();
    const part = paths.slice(first, first + AT_ONCE);
    const images = await Promise.all(part.map(async (path) => (await readPng(path)).image));
    const { features, classes, damages, things } = await network.extract(images);
    const { width } = network;
    const found = part.map((_, i) => ({
      seenClass: classes?.[i] ?? null,
      seenDamage: damages?.[i] ?? null,
      ...(things ? { seenThings: [...things[i]!] } : {}),
      features: featuresText(features.subarray(i * width, (i + 1) * width)),
    }));
    await save(first, found);
  }
}
