import { keyedNoise } from '@tessera/core';

/** n features of independent normals with the given means and deviations, [n, d], a function of `seed` alone. */
export function normalFeatures(
  seed: number,
  n: number,
  axes: readonly { readonly mean: number; readonly deviation: number }[],
): Float32Array {
  const width = axes.length;
  const features = keyedNoise({ seed })
    .fork('features')
    .normal(new Float32Array(n * width));
  return features.map((value, i) => axes[i % width]!.mean + axes[i % width]!.deviation * value);
}

/** n pictures of three classes in turn that lie far apart, two features each. */
export function classesInTurn(seed: number, n: number): { features: Float32Array; labels: number[] } {
  const labels = Array.from({ length: n }, (_, k) => k % 3);
  const axes = [1, 0.5].map((deviation) => ({ mean: 0.2, deviation }));
  const features = normalFeatures(seed, n, axes).map(
    (value, i) => value + 2 * (labels[Math.floor(i / 2)]! - 1),
  );
  return { features, labels };
}

/** The rows of features [n, width], each as often as `counts` [n] says. */
export function repeatRows(features: Float32Array, counts: ArrayLike<number>, width: number): Float32Array {
  return Float32Array.from(
    Array.from({ length: counts.length }, (_, i) =>
      Array.from({ length: counts[i]! }, () => [...features.subarray(i * width, (i + 1) * width)]).flat(),
    ).flat(),
  );
}

export const mean = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
};

/** Standard deviation with n − 1. */
export const deviation = (values: ArrayLike<number>): number => {
  const centre = mean(values);
  return Math.sqrt(
    (mean(Array.from(values, (value) => (value - centre) ** 2)) * values.length) / (values.length - 1),
  );
};
