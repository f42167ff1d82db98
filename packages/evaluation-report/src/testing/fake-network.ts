import type { ImageRgb } from '@tessera/core';
import type { FeatureNetwork } from '@tessera/evaluate';

export interface CountingNetwork extends FeatureNetwork {
  /** How many pictures it has seen. */
  readonly seen: number;
}

/** A network whose features are a picture's first pixel, the channels times `factor`. */
export function fakeNetwork(factor = 1): CountingNetwork {
  let seen = 0;
  return {
    name: 'fake',
    width: 3,
    get seen() {
      return seen;
    },
    async extract(images: readonly ImageRgb[]) {
      seen += images.length;
      return {
        features: Float32Array.from(images.flatMap(({ data }) => [...data.subarray(0, 3)])).map(
          (value) => value * factor,
        ),
        classes: null,
        damages: null,
      };
    },
  };
}
