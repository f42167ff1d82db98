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

/** Random weights under PyTorch's names. */
function randomWeights(seed: number) {
  const weights: Record<string, Weight> = {};
  const normals = (name: string, shape: readonly number[], scale: number, centre = 0): void => {
    const data = keyedNoise({ seed })
      .fork(name)
      .normal(new Float32Array(shape.reduce((a, b) => a * b, 1)));
    weights[name] = { shape, data: data.map((value) => centre + scale * value) };
  };
  return {
    weights,
    block(key: string, to: number, from: number): void {
      normals(`${key}.0.weight`, [to, from, 3, 3], 1 / Math.sqrt(from * 9));
      normals(`${key}.1.weight`, [to], 0.2, 1);
      normals(`${key}.1.bias`, [to], 0.3);
      normals(`${key}.1.running_mean`, [to], 0.3);
      normals(`${key}.1.running_var`, [to], 0.1, 1);
    },
    linear(name: string, to: number, from: number, kernel: readonly number[] = []): void {
      normals(`${name}.weight`, [to, from, ...kernel], 1 / Math.sqrt(from));
      normals(`${name}.bias`, [to], 0.3);
    },
  };
}

/** Random weights of a narrow network: 10 features, 3 classes, 4 kinds of damage. */
export function randomNetwork(seed: number): Record<string, Weight> {
  const { weights, block, linear } = randomWeights(seed);
  for (const [layer, { to, from }] of LAYERS.entries()) block(`trunk.${layer}`, to, from);
  linear('features', 10, 16);
  linear('classes', 3, 10);
  linear('damages', 4, 10);
  return weights;
}

/** Random weights of a narrow scene network: 9 features, 4 kinds of damage, cells of 11 channels. */
export function randomSceneNetwork(seed: number): Record<string, Weight> {
  const { weights, block, linear } = randomWeights(seed);
  block('fine.0', 5, 48);
  block('fine.1', 6, 5);
  block('fine.2', 4, 6);
  block('wide.0', 7, 4);
  block('wide.1', 6, 7);
  block('wide.2', 5, 6);
  block('middling', 3, 4);
  block('joined.0', 8, 4 + 3 + 5);
  block('joined.1', 6, 8);
  linear('cells', 11, 6, [1, 1]);
  linear('features', 9, 6 + 6 + 5);
  linear('damages', 4, 9);
  return weights;
}

type Planes = readonly Float64Array[];

/** The feature network as tools/train/train/judge/model.py defines it, with plain loops over one picture [3, side, side]. */
export function networkByDefinition(
  weights: Readonly<Record<string, Weight>>,
  image: Float32Array,
  side: number,
): Record<'features' | 'classes' | 'damages', number[]> {
  const layers = definition(weights);
  let width = side / 2;
  let h = unshuffled(image, side, 2);
  for (const [layer, { stride }] of LAYERS.entries()) {
    h = layers.block(`trunk.${layer}`, h, width, stride);
    width /= stride;
  }
  const features = layers.linear('features', [...means(h), ...peaks(h)]);
  const active = features.map((value) => Math.max(0, value));
  return { features, classes: layers.linear('classes', active), damages: layers.linear('damages', active) };
}

/** The scene network as tools/train/train/text/judge/model.py defines it, likewise; `cells` are [channels, side / 8, side / 8]. */
export function sceneNetworkByDefinition(
  weights: Readonly<Record<string, Weight>>,
  image: Float32Array,
  side: number,
): Record<'features' | 'damages' | 'cells', number[]> {
  const { block, linear } = definition(weights);
  const [quarter, cells] = [side / 4, side / 8];
  let fine = block('fine.0', unshuffled(image, side, 4), quarter, 1);
  fine = block('fine.2', block('fine.1', fine, quarter, 2), cells, 1);
  let wide = block('wide.1', block('wide.0', fine, cells, 2), cells / 2, 2);
  wide = block('wide.2', wide, cells / 4, 1);
  const middling = block('middling', fine, cells, 2);
  const all = [...fine, ...enlarged(middling, cells / 2, 2), ...enlarged(wide, cells / 4, 4)];
  const h = block('joined.1', block('joined.0', all, cells, 1), cells, 1);
  const features = linear('features', [...means(h), ...peaks(h), ...means(wide)]);
  const places = Array.from({ length: cells * cells }, (_, place) =>
    linear(
      'cells',
      h.map((plane) => plane[place]!),
    ),
  );
  return {
    features,
    damages: linear(
      'damages',
      features.map((value) => Math.max(0, value)),
    ),
    cells: places[0]!.flatMap((_, channel) => places.map((values) => values[channel]!)),
  };
}

/** Its layers, each with the weights of its name. */
function definition(weights: Readonly<Record<string, Weight>>) {
  return {
    block(key: string, input: Planes, width: number, stride: number): Planes {
      const of = (name: string): Weight => weights[`${key}.${name}`]!;
      return convolve(input, width, of('0.weight'), stride).map((plane, channel) => {
        const scale = of('1.weight').data[channel]! / Math.sqrt(of('1.running_var').data[channel]! + 1e-5);
        const shift = of('1.bias').data[channel]!;
        return plane.map((value) =>
          Math.max(0, (value - of('1.running_mean').data[channel]!) * scale + shift),
        );
      });
    },
    linear: (name: string, input: readonly number[]): number[] =>
      Array.from(
        weights[`${name}.bias`]!.data,
        (bias, row) =>
          bias +
          input.reduce(
            (sum, value, k) => sum + value * weights[`${name}.weight`]!.data[row * input.length + k]!,
            0,
          ),
      ),
  };
}

/** pixel_unshuffle: channel (colour, row, column). */
function unshuffled(image: Float32Array, side: number, block: number): Planes {
  const width = side / block;
  const area = block * block;
  return Array.from({ length: 3 * area }, (_, channel) =>
    Float64Array.from({ length: width * width }, (_, place) => {
      const y = block * Math.floor(place / width) + Math.floor((channel % area) / block);
      const x = block * (place % width) + (channel % block);
      return image[(Math.floor(channel / area) * side + y) * side + x]!;
    }),
  );
}

/** Each number `times` × `times` times. */
function enlarged(planes: Planes, width: number, times: number): Planes {
  const side = width * times;
  return planes.map((plane) =>
    Float64Array.from(
      { length: side * side },
      (_, place) =>
        plane[Math.floor(Math.floor(place / side) / times) * width + Math.floor((place % side) / times)]!,
    ),
  );
}

const means = (planes: Planes): number[] =>
  planes.map((plane) => plane.reduce((sum, value) => sum + value, 0) / plane.length);
const peaks = (planes: Planes): number[] => planes.map((plane) => Math.max(...plane));

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
