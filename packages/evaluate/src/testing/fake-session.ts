import type { InferenceSession } from 'onnxruntime-common';
import { Tensor } from 'onnxruntime-common';
import type { FeatureSession } from '../onnx-network.js';

type Extents = readonly (number | string)[];

export interface FakeSession extends FeatureSession {
  /** What the graph was fed, run by run. */
  readonly fed: { readonly name: string; readonly dims: readonly number[]; readonly data: Float32Array }[];
}

/**
 * A session with the given inputs and outputs, whose outputs come from `compute` (the pictures of a run → numbers and
 * shape).
 */
export function fakeSession(
  inputs: Readonly<Record<string, Extents>>,
  outputs: Readonly<Record<string, Extents>>,
  compute: (
    output: string,
    input: { data: Float32Array; dims: readonly number[] },
  ) => [Float32Array, number[]],
  type: 'float32' | 'float16' = 'float32',
): FakeSession {
  const metadata = (values: Readonly<Record<string, Extents>>): InferenceSession.ValueMetadata[] =>
    Object.entries(values).map(([name, shape]) => ({ name, isTensor: true, type, shape }));
  const fed: FakeSession['fed'] = [];
  return {
    fed,
    inputNames: Object.keys(inputs),
    outputNames: Object.keys(outputs),
    inputMetadata: metadata(inputs),
    outputMetadata: metadata(outputs),
    async run(feeds, wanted) {
      const [[name, value]] = Object.entries(feeds) as [[string, Tensor]];
      const input = { data: value.data as Float32Array, dims: value.dims };
      fed.push({ name, ...input });
      return Object.fromEntries(
        wanted.map((output) => [output, new Tensor('float32', ...compute(output, input))]),
      );
    },
  };
}
