import type { ImageRgb } from '@tessera/core';
import { assertInteger, NonFiniteError, resizeBilinear } from '@tessera/core/model';
import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-common';
import type { ExtractedFeatures, FeatureNetwork } from './feature-network.js';
import { cellChannels, thingsIn } from './found-things.js';
import { FeatureNetworkError, type NetworkDescription } from './network-description.js';
import type { FoundThing } from './scene-prompts.js';

/** The part of an onnxruntime session that is used. */
export type FeatureSession = Pick<
  InferenceSession,
  'inputNames' | 'outputNames' | 'inputMetadata' | 'outputMetadata'
> & {
  run(
    feeds: InferenceSession.FeedsType,
    outputs: readonly string[],
  ): Promise<InferenceSession.OnnxValueMapType>;
};

export interface OnnxNetworkOptions {
  readonly session: FeatureSession;
  /** The Tensor class of the runtime that made the session. */
  readonly Tensor: TensorConstructor;
  readonly description: NetworkDescription;
  /** Pictures a run, where the graph leaves it open. @default 32 */
  readonly batch?: number;
}

/**
 * A feature network in ONNX: this package's network, an InceptionV3, a DINOv2, or any other graph from pictures to one
 * vector each.
 *
 * @throws FeatureNetworkError if the graph's inputs and outputs aren't those that the description names
 */
export function onnxNetwork({
  session,
  Tensor,
  description,
  batch = 32,
}: OnnxNetworkOptions): FeatureNetwork {
  assertInteger('batch', batch, 1);
  const { name, input, features, classes, damages, cells } = description;
  const problems = misfits(session, description);
  if (problems.length > 0) throw new FeatureNetworkError(name, problems);
  const fixed = batchOf(session, input.name);
  const size = fixed ?? batch;
  const outputs = [features, classes, damages, cells].flatMap((part) => (part ? [part.output] : []));

  return {
    name,
    width: features.width,
    ...(damages ? { damageNames: damages.names } : {}),
    async extract(images: readonly ImageRgb[]): Promise<ExtractedFeatures> {
      const measured = {
        features: new Float32Array(images.length * features.width),
        classes: classes ? new Int32Array(images.length) : null,
        damages: damages ? new Int32Array(images.length) : null,
      };
      const things: (readonly FoundThing[])[] = [];
      for (let from = 0; from < images.length; from += size) {
        const part = images.slice(from, from + size);
        const { length } = part;
        // A graph of a fixed batch wants it whole: the last picture fills it up.
        const fed =
          fixed === undefined ? part : Array.from({ length: fixed }, (_, i) => part[i] ?? part.at(-1)!);
        const result = await session.run(
          { [input.name]: new Tensor('float32', ...feed(fed, input)) },
          outputs,
        );
        const vectors = featuresOf(result[features.output]!, fed.length, description);
        measured.features.set(vectors.subarray(0, length * features.width), from * features.width);
        for (const [part, places] of [
          [classes, measured.classes],
          [damages, measured.damages],
        ] as const) {
          if (!part) continue;
          places!.set(likeliest(result[part.output]!, fed.length, part, name).subarray(0, length), from);
        }
        if (cells) things.push(...thingsIn(result[cells.output]!, cells).slice(0, length));
      }
      return cells ? { ...measured, things } : measured;
    },
  };
}

/** The pictures that a graph takes at once; undefined where it leaves that open. */
function batchOf({ inputMetadata }: FeatureSession, name: string): number | undefined {
  const found = inputMetadata.find((entry) => entry.name === name);
  const extent = found?.isTensor ? found.shape[0] : undefined;
  return typeof extent === 'number' && extent > 0 ? extent : undefined;
}

/** What in a graph is not as described. Extents that a graph leaves open fit anything. */
function misfits(
  session: FeatureSession,
  { input, features, classes, damages, cells }: NetworkDescription,
): string[] {
  const problems: string[] = [];
  const check = (
    side: 'input' | 'output',
    metadata: readonly InferenceSession.ValueMetadata[],
    name: string,
    shapes: readonly (readonly (number | undefined)[])[],
  ): void => {
    const found = metadata.find((entry) => entry.name === name);
    if (!found) {
      const names = metadata.map((entry) => entry.name).join(', ');
      problems.push(`the graph has no ${side} "${name}"; it has ${names}`);
      return;
    }
    if (!found.isTensor || found.type !== 'float32') {
      problems.push(`${side} "${name}" is ${found.isTensor ? found.type : 'no tensor'}; it must be float32`);
      return;
    }
    const fits = (shape: readonly (number | undefined)[]): boolean =>
      shape.length === found.shape.length &&
      shape.every((extent, axis) => {
        const actual = found.shape[axis];
        return extent === undefined || typeof actual !== 'number' || actual <= 0 || actual === extent;
      });
    if (found.shape.length > 0 && !shapes.some(fits)) {
      const wanted = shapes
        .map((shape) => `[${shape.map((extent) => extent ?? 'n').join(', ')}]`)
        .join(' or ');
      problems.push(`${side} "${name}" is [${found.shape.join(', ')}]; described is ${wanted}`);
    }
  };
  const { width, height } = input;
  check('input', session.inputMetadata, input.name, [
    input.layout === 'nchw' ? [undefined, 3, height, width] : [undefined, height, width, 3],
  ]);
  const others = session.inputNames.filter((name) => name !== input.name);
  if (others.length > 0)
    problems.push(`the graph has further inputs that nothing is known of: ${others.join(', ')}`);
  check(
    'output',
    session.outputMetadata,
    features.output,
    features.tokens
      ? [[undefined, undefined, features.width]]
      : [
          [undefined, features.width],
          [undefined, features.width, 1, 1],
        ],
  );
  for (const part of [classes, damages]) {
    if (part) check('output', session.outputMetadata, part.output, [[undefined, part.names.length]]);
  }
  if (cells) {
    check('output', session.outputMetadata, cells.output, [
      [undefined, cellChannels(cells), undefined, undefined],
    ]);
  }
  return problems;
}

/** Pictures as the graph wants them, and the shape of that. */
function feed(
  images: readonly ImageRgb[],
  { width, height, layout, mean, std }: NetworkDescription['input'],
): [data: Float32Array, shape: readonly number[]] {
  const area = width * height;
  const data = new Float32Array(images.length * area * 3);
  for (const [i, image] of images.entries()) {
    const fits = image.width === width && image.height === height;
    const pixels = fits ? image.data : resizeBilinear(image, width, height);
    const start = i * area * 3;
    for (let c = 0; c < 3; c++) {
      for (let place = 0; place < area; place++) {
        const value = (pixels[place * 3 + c]! / 255 - mean[c]!) / std[c]!;
        data[start + (layout === 'nchw' ? c * area + place : place * 3 + c)] = value;
      }
    }
  }
  const { length } = images;
  return [data, layout === 'nchw' ? [length, 3, height, width] : [length, height, width, 3]];
}

function featuresOf(tensor: Tensor, count: number, { name, features }: NetworkDescription): Float32Array {
  const { width, output, tokens } = features;
  const data = tensor.data as Float32Array;
  const perPicture = data.length / count;
  const fits = tokens ? perPicture > 0 && perPicture % width === 0 : perPicture === width;
  if (!fits) {
    throw new FeatureNetworkError(name, [
      `output "${output}" came as [${tensor.dims.join(', ')}] for ${count} pictures of ${width} features; correct the description`,
    ]);
  }
  if (!data.every(Number.isFinite)) throw new NonFiniteError(`The output "${output}" of ${name}`);
  if (!tokens) return data;
  const vectors = new Float32Array(count * width);
  const used = tokens === 'first' ? 1 : perPicture / width;
  for (let i = 0; i < count; i++) {
    for (let token = 0; token < used; token++) {
      for (let k = 0; k < width; k++) {
        vectors[i * width + k]! += data[i * perPicture + token * width + k]! / used;
      }
    }
  }
  return vectors;
}

/** The place of the largest logit of each picture. */
function likeliest(
  tensor: Tensor,
  count: number,
  { output, names }: { readonly output: string; readonly names: readonly string[] },
  network: string,
): Int32Array {
  const data = tensor.data as Float32Array;
  const { length } = names;
  if (data.length !== count * length) {
    throw new FeatureNetworkError(network, [
      `output "${output}" came as [${tensor.dims.join(', ')}] for ${count} pictures and ${length} names; correct the description`,
    ]);
  }
  return Int32Array.from({ length: count }, (_, i) => {
    let best = 0;
    for (let k = 1; k < length; k++) if (data[i * length + k]! > data[i * length + best]!) best = k;
    return best;
  });
}
