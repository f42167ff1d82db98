import { keyedNoise } from '@tessera/core';

/** A tensor of a checkpoint. */
export interface Weight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Output channels, input channels and stride of the trunk's layers: those of tools/train, made narrow. */
export const LAYERS = [
  { to: 5, from: 12, stride: 1 },
  { to: 6, from: 5, stride: 2 },
  { to: 4, from: 6, stride: 1 },
  { to: 7, from: 4, stride: 2 },
  { to: 8, from: 7, stride: 1 },
] as const;

/** Random weights of a narrow network under PyTorch's names: 10 features, 3 classes, 4 kinds of damage. */
export function randomNetwork(seed: number): Record<string, Weight> {
  const weights: Record<string, Weight> = {};
  const normals = (name: string, shape: readonly number[], scale: number, centre = 0): void => {
    const data = keyedNoise({ seed })
      .fork(name)
      .normal(new Float32Array(shape.reduce((a, b) => a * b, 1)));
    weights[name] = { shape, data: data.map((value) => centre + scale * value) };
  };
  for (const [layer, { to, from }] of LAYERS.entries()) {
    normals(`trunk.${layer}.0.weight`, [to, from, 3, 3], 1 / Math.sqrt(from * 9));
    normals(`trunk.${layer}.1.weight`, [to], 0.2, 1);
    normals(`trunk.${layer}.1.bias`, [to], 0.3);
    normals(`trunk.${layer}.1.running_mean`, [to], 0.3);
    normals(`trunk.${layer}.1.running_var`, [to], 0.1, 1);
  }
  const linear = (name: string, to: number, from: number): void => {
    normals(`${name}.weight`, [to, from], 1 / Math.sqrt(from));
    normals(`${name}.bias`, [to], 0.3);
  };
  linear('features', 10, 16);
  linear('classes', 3, 10);
  linear('damages', 4, 10);
  return weights;
}

type Planes = readonly Float64Array[];

/** The feature network as tools/train/train/judge/model.py defines it, with plain loops over one picture [3, side, side]. */
export function networkByDefinition(
  weights: Readonly<Record<string, Weight>>,
  image: Float32Array,
  side: number,
): Record<'features' | 'classes' | 'damages', number[]> {
  let width = side / 2;
  // pixel_unshuffle: channel (colour, row, column).
  let h: Planes = Array.from({ length: 12 }, (_, channel) =>
    Float64Array.from({ length: width * width }, (_, place) => {
      const y = 2 * Math.floor(place / width) + (Math.floor(channel / 2) % 2);
      const x = 2 * (place % width) + (channel % 2);
      return image[(Math.floor(channel / 4) * side + y) * side + x]!;
    }),
  );
  for (const [layer, { stride }] of LAYERS.entries()) {
    const of = (name: string): Weight => weights[`trunk.${layer}.${name}`]!;
    const convolved = convolve(h, width, of('0.weight'), stride);
    width /= stride;
    h = convolved.map((plane, channel) => {
      const scale = of('1.weight').data[channel]! / Math.sqrt(of('1.running_var').data[channel]! + 1e-5);
      const shift = of('1.bias').data[channel]!;
      return plane.map((value) => Math.max(0, (value - of('1.running_mean').data[channel]!) * scale + shift));
    });
  }
  const pooled = [
    ...h.map((plane) => plane.reduce((sum, value) => sum + value, 0) / plane.length),
    ...h.map((plane) => Math.max(...plane)),
  ];
  const linear = (name: string, input: readonly number[]): number[] =>
    Array.from(
      weights[`${name}.bias`]!.data,
      (bias, row) =>
        bias +
        input.reduce(
          (sum, value, k) => sum + value * weights[`${name}.weight`]!.data[row * input.length + k]!,
          0,
        ),
    );
  const features = linear('features', pooled);
  const active = features.map((value) => Math.max(0, value));
  return { features, classes: linear('classes', active), damages: linear('damages', active) };
}

/** 3×3, with zeros around. */
function convolve(planes: Planes, width: number, { shape, data }: Weight, stride: number): Planes {
  const size = width / stride;
  return Array.from({ length: shape[0]! }, (_, to) =>
    Float64Array.from({ length: size * size }, (_, place) => {
      let sum = 0;
      for (const [from, plane] of planes.entries()) {
        for (let tap = 0; tap < 9; tap++) {
          const y = Math.floor(place / size) * stride + Math.floor(tap / 3) - 1;
          const x = (place % size) * stride + (tap % 3) - 1;
          if (y < 0 || x < 0 || y >= width || x >= width) continue;
          sum += data[(to * planes.length + from) * 9 + tap]! * plane[y * width + x]!;
        }
      }
      return sum;
    }),
  );
}
