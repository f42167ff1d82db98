import type { ImageRgb, NoiseSource } from '@tessera/core';

/** Pixels along a token's side. */
const TOKEN = 4;

/** A Gaussian blur by `sigma` pixels; at the edge the outermost pixels go on. */
export function blurred(image: ImageRgb, sigma: number): ImageRgb {
  const reach = Math.ceil(4 * sigma);
  const offsets = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach);
  const weights = offsets.map((offset) => Math.exp(-0.5 * (offset / sigma) ** 2));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const sources = (length: number): number[][] =>
    Array.from({ length }, (_, place) =>
      offsets.map((offset) => Math.min(length - 1, Math.max(0, place + offset))),
    );
  const [columns, rows] = [sources(image.width), sources(image.height)];
  const at = (x: number, y: number): number => (y * image.width + x) * 3;
  const along = (
    source: ArrayLike<number>,
    from: (x: number, y: number, tap: number) => number,
  ): Float64Array => {
    const blurred = new Float64Array(source.length);
    for (let y = 0; y < image.height; y++) {
      for (let x = 0; x < image.width; x++) {
        for (let tap = 0; tap < weights.length; tap++) {
          const place = from(x, y, tap);
          const weight = weights[tap]! / sum;
          for (let c = 0; c < 3; c++) blurred[at(x, y) + c]! += weight * source[place + c]!;
        }
      }
    }
    return blurred;
  };
  const across = along(image.data, (x, y, tap) => at(columns[x]![tap]!, y));
  const both = along(across, (x, y, tap) => at(x, rows[y]![tap]!));
  return { ...image, data: toBytes(both) };
}

/** Normal noise of `deviation` (of 255) in every pixel and channel. */
export function noisy(image: ImageRgb, deviation: number, noise: NoiseSource): ImageRgb {
  const normals = noise.normal(new Float32Array(image.data.length));
  return {
    ...image,
    data: toBytes(Float64Array.from(image.data, (value, i) => value + deviation * normals[i]!)),
  };
}

/** Exchanges a token with its right neighbour at `swaps` random places. */
export function withSwappedTokens(image: ImageRgb, swaps: number, noise: NoiseSource): ImageRgb {
  const data = image.data.slice();
  const below = (count: number): number => Math.min(count - 1, Math.floor(noise.uniform() * count));
  for (let swap = 0; swap < swaps; swap++) {
    const left = below(image.width / TOKEN - 1) * TOKEN;
    const top = below(image.height / TOKEN) * TOKEN;
    for (let y = top; y < top + TOKEN; y++) {
      const start = (y * image.width + left) * 3;
      const first = data.slice(start, start + TOKEN * 3);
      data.copyWithin(start, start + TOKEN * 3, start + 2 * TOKEN * 3);
      data.set(first, start + TOKEN * 3);
    }
  }
  return { ...image, data };
}

/** Rounds half to even and clips. */
const toBytes = (values: Float64Array): Uint8Array => new Uint8Array(Uint8ClampedArray.from(values).buffer);
