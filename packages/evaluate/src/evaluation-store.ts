import type { ImageRgb } from '@tessera/core';
import type { SamplingWork } from '@tessera/core/model';
import type { FoundThing } from './scene-prompts.js';

/** What is left of a picture once it has been measured: all that the report is made from. */
export interface MeasuredPicture extends Pick<SamplingWork, 'passes' | 'headEvaluations'> {
  /** k: it shows class k mod classes, or prompt k mod prompts; its noise is that of (seed, k). */
  readonly index: number;
  /** [width]. */
  readonly features: Float32Array;
  /** The class that the network sees; null where it knows none. */
  readonly seenClass: number | null;
  /** The kind of damage that the network sees, as a place in its list; null where it knows none. */
  readonly seenDamage: number | null;
  /** The things that the network sees; absent where it looks for none. */
  readonly seenThings?: readonly FoundThing[];
  /** Seconds that its batch took to draw, divided by the pictures in it. */
  readonly seconds: number;
}

/** A measured picture, and the picture itself. */
export interface DrawnPicture extends MeasuredPicture {
  readonly image: ImageRgb;
}

/** What a store knows a variant by. */
export interface VariantIdentity {
  readonly name: string;
  readonly description: unknown;
}

/**
 * Where an evaluation keeps its pictures, so that it can go on after a stop. Whose pictures they are (model, seed,
 * network) is for the store to know: it must not give back those of another evaluation.
 */
export interface EvaluationStore {
  /** The pictures that are kept of a variant, in any order; none at first. Called once a variant, before anything is drawn. */
  load(arm: VariantIdentity): Promise<readonly MeasuredPicture[]>;
  /** Keeps a batch of a variant. Once it resolves, the pictures are safe from a stop. */
  save(arm: VariantIdentity, pictures: readonly DrawnPicture[]): Promise<void>;
}
