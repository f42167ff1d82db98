import type { ImageRgb } from '@tessera/core';
import type { FoundThing } from './scene-prompts.js';

/** What a network sees in n pictures. */
export interface ExtractedFeatures {
  /** [n, width]. */
  readonly features: Float32Array;
  /** [n], the likeliest class; null where the network knows none. */
  readonly classes: Int32Array | null;
  /** [n], the likeliest kind of damage, a place in the network's list; null where it knows none. */
  readonly damages: Int32Array | null;
  /** [n], the things in each; absent where the network looks for none. */
  readonly things?: readonly (readonly FoundThing[])[];
}

/** A network that turns pictures into features in which distances mean something. */
export interface FeatureNetwork {
  readonly name: string;
  /** Features a picture. */
  readonly width: number;
  /** Names of its kinds of damage, e.g. `none`, `blur`; absent where it knows none. */
  readonly damageNames?: readonly string[];
  extract(images: readonly ImageRgb[]): Promise<ExtractedFeatures>;
}
