import type { FeatureNetwork, MeasuredPicture } from '@tessera/evaluate';

/** Cells along a side. */
const CELLS = 8;

/**
 * The mean colours of 8×8 cells of a picture as features. They say whether two pictures look alike, not whether they are good.
 */
export const pixelNetwork: FeatureNetwork = {
  name: 'mean colours of 8×8 cells',
  width: CELLS * CELLS * 3,
  async extract(images) {
    const features = new Float32Array(images.length * CELLS * CELLS * 3);
    for (const [i, { width, height, data }] of images.entries()) {
      const counts = new Uint32Array(CELLS * CELLS);
      const sums = new Float64Array(CELLS * CELLS * 3);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const cell = Math.floor((y * CELLS) / height) * CELLS + Math.floor((x * CELLS) / width);
          counts[cell]!++;
          for (let c = 0; c < 3; c++) sums[cell * 3 + c]! += data[(y * width + x) * 3 + c]! / 255;
        }
      }
      features.set(
        sums.map((sum, at) => sum / Math.max(1, counts[Math.floor(at / 3)]!)),
        i * sums.length,
      );
    }
    return { features, classes: null, damages: null };
  },
};

/** How alike pictures of one noise are, with the spread of that number. */
export interface Agreement {
  /** 1 where each picture is the reference's, 0 where it is as far from it as another picture of its class is. */
  readonly value: number;
  /** Standard error over pictures. */
  readonly error: number;
}

/**
 * Agreement with a slow reference on the same noise: 1 − d(candidate k, reference k) ÷ the mean d of two reference pictures of
 * one class, d the Euclidean distance of features.
 *
 * @param candidate pictures k = 0 … n − 1
 * @param reference the same ones by the reference
 */
export function agreementOf(
  candidate: readonly MeasuredPicture[],
  reference: readonly MeasuredPicture[],
  classes: number,
): Agreement {
  const apart = reference.slice(classes).map(({ features }, k) => distance(features, reference[k]!.features));
  const usual = mean(apart) || 1;
  const alike = candidate.map(({ features }, k) => 1 - distance(features, reference[k]!.features) / usual);
  const value = mean(alike);
  const variance = mean(alike.map((each) => (each - value) ** 2));
  return { value, error: Math.sqrt(variance / Math.max(1, alike.length - 1)) };
}

function distance(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0));
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
