import { assertShape } from '@tessera/core/model';
import * as v from 'valibot';
import { type NetworkDescription, networkEntries, parseDescription } from './network-description.js';
import type { ReferencePictures } from './reference-pictures.js';

const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const margin = v.pipe(v.number(), v.minValue(0));
const file = v.strictObject({
  path: v.string(),
  bytes: v.number(),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
});

const schema = v.strictObject({
  /** The second is the word of the first files. */
  format: v.picklist(['tessera-feature-network', 'tessera-judge']),
  version: v.literal(1),
  network: v.strictObject({
    ...networkEntries,
    damages: v.nonOptional(networkEntries.damages),
  }),
  graph: file,
  /** What text models are scored on, see `PromptSet`. */
  prompts: v.exactOptional(file),
  /** Features of real pictures, float16 [count, width], little-endian; picture k shows class or skill k mod groups. */
  reference: v.strictObject({
    ...file.entries,
    name: v.string(),
    /** Classes, or skills of prompts. @default the network's classes */
    groups: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1))),
    count: v.pipe(v.number(), v.integer(), v.minValue(2)),
    /** Share whose class the feature network sees right, or in which it finds what the prompt asks for. */
    classAccuracy: share,
    /** Kind of damage → share in which the feature network sees it. */
    damages: v.record(v.string(), share),
  }),
  /** Pictures of slow variants that were drawn before, as the network saw them: see `RecordedVariant`. */
  recorded: v.exactOptional(
    v.array(
      v.strictObject({
        ...file.entries,
        /** Hash of the model's manifest. */
        model: v.string(),
        dtype: v.string(),
        seed: v.number(),
        /** What tells the variant apart: JSON. */
        description: v.unknown(),
        count: v.pipe(v.number(), v.integer(), v.minValue(1)),
        /** Of each picture. */
        passes: v.number(),
        headEvaluations: v.number(),
        /** What they were drawn with. */
        threads: v.number(),
        versions: v.record(v.string(), v.string()),
        machine: v.strictObject({ processor: v.string(), cores: v.number() }),
      }),
    ),
  ),
  /**
   * Differences that don't matter in its distances: `margins` of an evaluation whose caller sets none. Absent where none are
   * known.
   */
  margins: v.optional(
    v.strictObject({
      frechet: margin,
      kid: margin,
      recall: v.exactOptional(margin),
      score: v.exactOptional(margin),
    }),
  ),
  /** How the network was trained. */
  training: v.strictObject({
    text: v.string(),
    steps: v.number(),
    /** Pictures seen, the same ones again counted again. */
    pictures: v.number(),
    /** Kind of damage → share of damaged held-out pictures in which the feature network sees it. */
    recognised: v.record(v.string(), share),
  }),
});

/** `feature-network.json`: the feature network's network, its real pictures, what differences matter to it, and where all come from. */
export type FeatureNetworkDescription = v.InferOutput<typeof schema> & {
  readonly network: NetworkDescription;
};

/**
 * Reads `feature-network.json`.
 *
 * @throws FeatureNetworkError that lists everything wrong with it
 */
export function parseFeatureNetwork(json: string): FeatureNetworkDescription {
  return parseDescription('feature-network.json', schema, json);
}

/**
 * The feature network's real pictures.
 *
 * @param halves the file `reference.path`: float16 bits, [count, width]
 */
export function featureNetworkReference(
  { network, reference }: FeatureNetworkDescription,
  halves: Uint16Array,
): ReferencePictures {
  const { name, count, classAccuracy, damages, groups = network.classes?.names.length ?? 1 } = reference;
  const { width } = network.features;
  assertShape('reference [count, width]', halves, [count, width]);
  return {
    name,
    width,
    features: Float32Array.from(halves, fromHalf),
    labels: Int32Array.from({ length: count }, (_, k) => k % groups),
    classAccuracy,
    damages,
  };
}

/** The value of an IEEE 754 half float. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
