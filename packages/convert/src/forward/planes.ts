// What float64 passes of autoencoders are made of: plain loops over one image.

/** [channels, height, width] */
export interface Planes {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly data: Float64Array;
}

/** A checkpoint's tensors by key. */
export type VaeWeights = Readonly<Record<string, ArrayLike<number>>>;

export const planes = (channels: number, height: number, width: number): Planes => ({
  channels,
  height,
  width,
  data: new Float64Array(channels * height * width),
});
export const mapPlanes = (x: Planes, f: (value: number, index: number) => number): Planes => ({
  ...x,
  data: x.data.map(f),
});
export const addPlanes = (a: Planes, b: Planes): Planes => mapPlanes(a, (value, i) => value + b.data[i]!);
export const siluPlanes = (x: Planes): Planes => mapPlanes(x, (value) => value / (1 + Math.exp(-value)));

/**
 * A convolution with zeros around, and a bias if there is one.
 *
 * @param before the padding at the left and the top
 * @param groups of channels that go their own way
 */
export function conv(
  w: VaeWeights,
  key: string,
  x: Planes,
  side: number,
  { stride = 1, before = (side - 1) / 2, groups = 1 } = {},
): Planes {
  const bias = w[`${key}.bias`];
  const weight = w[`${key}.weight`]!;
  const inputs = x.channels / groups;
  const out = planes(weight.length / (inputs * side * side), x.height / stride, x.width / stride);
  for (let to = 0; to < out.channels; to++) {
    const plane = out.data.subarray(to * out.height * out.width, (to + 1) * out.height * out.width);
    plane.fill(bias?.[to] ?? 0);
    const first = Math.floor((to * groups) / out.channels) * inputs;
    for (let input = 0; input < inputs; input++) {
      for (let tap = 0; tap < side * side; tap++) {
        const factor = weight[(to * inputs + input) * side * side + tap]!;
        const shift = (tap % side) - before;
        for (let row = 0; row < out.height; row++) {
          const y = row * stride - before + Math.floor(tap / side);
          if (y < 0 || y >= x.height) continue;
          const line = ((first + input) * x.height + y) * x.width;
          for (let column = 0; column < out.width; column++) {
            const at = column * stride + shift;
            if (at >= 0 && at < x.width) plane[row * out.width + column]! += factor * x.data[line + at]!;
          }
        }
      }
    }
  }
  return out;
}

/** Twice as high and wide, each value four times. */
export function doubled(x: Planes): Planes {
  const larger = planes(x.channels, 2 * x.height, 2 * x.width);
  return mapPlanes(larger, (_, i) => {
    const row = Math.floor(i / larger.width) % larger.height;
    const channel = Math.floor(i / (larger.width * larger.height));
    return x.data[(channel * x.height + (row >> 1)) * x.width + ((i % larger.width) >> 1)]!;
  });
}

/** PyTorch's pixel_shuffle: channel (c·p + i)·p + j is channel c at row p·y + i and column p·x + j. */
export function pixelShuffled(x: Planes, p: number): Planes {
  const out = planes(x.channels / (p * p), x.height * p, x.width * p);
  return mapPlanes(out, (_, i) => {
    const column = i % out.width;
    const row = Math.floor(i / out.width) % out.height;
    const channel = (Math.floor(i / (out.width * out.height)) * p + (row % p)) * p + (column % p);
    return x.data[(channel * x.height + Math.floor(row / p)) * x.width + Math.floor(column / p)]!;
  });
}
