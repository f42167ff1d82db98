import { randomOrder, raster } from '@tessera/core';
import { fakeModel } from '@tessera/core/testing';
import type { EvaluateOptions } from '../evaluation-options.js';
import type { FeatureNetwork } from '../feature-network.js';
import type { ReferencePictures } from '../reference-pictures.js';
import { memoryStore } from './memory-store.js';
import { normalFeatures } from './synthetic-features.js';

const WIDTH = 3;

/** Mean colour, as features; the class is that of the brightest channel. */
export const meanColour: FeatureNetwork = {
  name: 'mean colour',
  width: WIDTH,
  damageNames: ['none', 'dark'],
  async extract(images) {
    const features = new Float32Array(images.length * WIDTH);
    for (const [i, { data }] of images.entries()) {
      for (const [place, value] of data.entries()) {
        features[i * WIDTH + (place % 3)]! += (3 * value) / (255 * data.length);
      }
    }
    const channels = (i: number) => [...features.subarray(i * WIDTH, (i + 1) * WIDTH)];
    return {
      features,
      classes: Int32Array.from(images, (_, i) => channels(i).indexOf(Math.max(...channels(i))) % 2),
      damages: Int32Array.from(images, (_, i) => (Math.max(...channels(i)) < 0.5 ? 1 : 0)),
    };
  },
};

export const reference: ReferencePictures = {
  name: 'made up',
  width: WIDTH,
  features: normalFeatures(
    9,
    60,
    [0.4, 0.5, 0.6].map((mean) => ({ mean, deviation: 0.1 })),
  ),
  labels: Int32Array.from({ length: 60 }, (_, k) => k % 2),
  classAccuracy: 0.9,
  damages: { none: 1, dark: 0 },
};

/** A clock by which every look takes 50 ms. */
function slowClock(): () => number {
  let now = 0;
  return () => {
    now += 50;
    return now;
  };
}

export const ARMS = [
  { name: 'random', policy: randomOrder({ steps: 4, diffusionSteps: 3 }), description: { steps: 4 } },
  { name: 'raster', policy: raster({ steps: 2, diffusionSteps: 3 }), description: { steps: 2 } },
];

/** An evaluation of fourteen pictures a variant, two classes. */
export const optionsWith = (changes: Partial<EvaluateOptions> = {}): EvaluateOptions => ({
  model: fakeModel({ shape: { height: 4, width: 4, channels: 3 } }),
  classes: 2,
  variants: ARMS,
  n: 14,
  seed: 3,
  network: meanColour,
  reference,
  store: memoryStore(),
  batch: 4,
  clock: slowClock(),
  resamples: 100,
  splits: 3,
  ...changes,
});
