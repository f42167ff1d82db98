import type { ImageRgb, ModelInput, TokenGrid } from '@tessera/core';
import type { Clamp, ConditionImage, ConditionReuse, HeadReuse, NoiseKey } from '@tessera/core/model';
import type { RunStatistics } from '../run-statistics.js';
import type { PackedCoefficients } from './packed-coefficients.js';

/** Conditions that stay with the server, by number. */
export interface ConditionsHandle {
  readonly id: number;
  readonly count: number;
  readonly width: number;
  readonly guided: boolean;
}

/** Noise of some tokens of an image: a key to draw it from, or, from sources that have none, the numbers themselves. */
export type TokenNoise =
  | { readonly key: NoiseKey }
  /** [1 + S, m, C]: the initial x, then every diffusion step. */
  | { readonly recorded: Float32Array };

export interface RemoteTokenImage {
  readonly conditions: number;
  readonly rows: Uint32Array;
  readonly positions: Uint32Array;
  readonly guidanceScale: number | Float32Array;
  readonly noise: TokenNoise;
}

/** An image of a condition request, with the number of its last step's conditions. */
export interface RemoteConditionImage extends Omit<ConditionImage<ModelInput>, 'reuse'> {
  readonly reuse?: Omit<ConditionReuse, 'previous'> & { readonly previous?: number };
}

/** What can be asked of the server: arguments and result of each call. */
export interface Calls {
  condition: {
    arguments: { images: readonly RemoteConditionImage[] };
    result: readonly ConditionsHandle[];
  };
  /** All rows of an image: the conditional ones, then the unconditional ones. */
  read: { arguments: { conditions: number }; result: Float32Array };
  sampleTokens: {
    arguments: {
      images: readonly RemoteTokenImage[];
      coefficients: PackedCoefficients;
      temperature: number;
      clamp?: Clamp;
      reuse?: HeadReuse;
    };
    result: readonly Float32Array[];
  };
  evaluateHead: {
    arguments: {
      images: readonly { conditions: number; rows: Uint32Array; x: Float32Array }[];
      timestep: number;
    };
    result: readonly Float32Array[];
  };
  decode: { arguments: { grids: readonly TokenGrid[] }; result: readonly ImageRgb[] };
  encode: { arguments: { images: readonly ImageRgb[] }; result: readonly TokenGrid[] };
  /** A notice, without an answer. */
  release: { arguments: { conditions: number }; result: undefined };
  unknownWords: { arguments: { prompt: string }; result: readonly string[] };
  runStatistics: { arguments: Record<string, never>; result: RunStatistics };
  dispose: { arguments: Record<string, never>; result: undefined };
}

export type CallName = keyof Calls;
