import { NonFiniteError } from '@tessera/core/model';
import { Tensor } from 'onnxruntime-common';
import { describe, expect, it } from 'vitest';
import { FeatureNetworkError, type NetworkDescription } from './network-description.js';
import { onnxNetwork } from './onnx-network.js';
import { fakeSession } from './testing/fake-session.js';

const description: NetworkDescription = {
  name: 'small',
  input: { name: 'x', width: 2, height: 1, layout: 'nchw', mean: [0, 0.5, 1], std: [1, 0.5, 2] },
  features: { output: 'f', width: 2 },
};
const inputs = { x: ['n', 3, 1, 2] };
const outputs = { f: ['n', 2] };
/** As many features as described, numbered through. */
const numbered = (_: string, { dims }: { dims: readonly number[] }): [Float32Array, number[]] => [
  Float32Array.from({ length: dims[0]! * 2 }, (_, i) => i),
  [dims[0]!, 2],
];
const picture = (...data: number[]) => ({ width: 2, height: 1, data: Uint8Array.from(data) });

function problemsOf(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    if (error instanceof FeatureNetworkError) return error.problems.join('\n');
  }
  throw new Error('No FeatureNetworkError was thrown.');
}

describe('onnxNetwork', () => {
  it('feeds (pixel / 255 − mean) / std, planes or pixels as described', async () => {
    const session = fakeSession(inputs, outputs, numbered);
    await onnxNetwork({ session, Tensor, description }).extract([picture(0, 255, 51, 255, 0, 102)]);
    const expected = [0, 1, 1, -1, -0.4, -0.3];
    expect(session.fed[0]).toMatchObject({ name: 'x', dims: [1, 3, 1, 2] });
    for (const [i, value] of expected.entries()) expect(session.fed[0]!.data[i]).toBeCloseTo(value, 6);

    const interleaved = fakeSession({ x: ['n', 1, 2, 3] }, outputs, numbered);
    const nhwc = { ...description, input: { ...description.input, layout: 'nhwc' as const } };
    await onnxNetwork({ session: interleaved, Tensor, description: nhwc }).extract([
      picture(0, 255, 51, 255, 0, 102),
    ]);
    expect(interleaved.fed[0]!.dims).toEqual([1, 1, 2, 3]);
    for (const [i, place] of [0, 2, 4, 1, 3, 5].entries()) {
      expect(interleaved.fed[0]!.data[i]).toBeCloseTo(expected[place]!, 6);
    }
  });

  it('resizes pictures of another size', async () => {
    const session = fakeSession(inputs, outputs, numbered);
    const grey = { width: 7, height: 3, data: new Uint8Array(63).fill(51) };
    await onnxNetwork({ session, Tensor, description }).extract([grey]);
    for (const [i, value] of [0.2, 0.2, -0.6, -0.6, -0.4, -0.4].entries()) {
      expect(session.fed[0]!.data[i]).toBeCloseTo(value, 6);
    }
  });

  it('goes through many pictures in batches and keeps their order', async () => {
    const session = fakeSession(inputs, outputs, (_, { data, dims }) => [
      Float32Array.from({ length: dims[0]! * 2 }, (_, i) => data[Math.floor(i / 2) * 6]! * 255),
      [dims[0]!, 2],
    ]);
    const network = onnxNetwork({ session, Tensor, description, batch: 2 });
    const { features, classes, damages } = await network.extract(
      [10, 20, 30, 40, 50].map((red) => picture(red, 0, 0, 0, 0, 0)),
    );
    expect([...features].map(Math.round)).toEqual([10, 10, 20, 20, 30, 30, 40, 40, 50, 50]);
    expect(session.fed.map(({ dims }) => dims[0])).toEqual([2, 2, 1]);
    expect([classes, damages]).toEqual([null, null]);
    expect(network).toMatchObject({ name: 'small', width: 2 });
  });

  it('fills up the batch of a graph that has a fixed one, and leaves out what is too many', async () => {
    const fixed = fakeSession({ x: [2, 3, 1, 2] }, { f: [2, 2], c: [2, 3] }, (output, { data }) => {
      const reds = [data[0]! * 255, data[6]! * 255];
      if (output === 'f') return [Float32Array.from(reds.flatMap((red) => [red, red])), [2, 2]];
      return [Float32Array.from(reds.flatMap((red) => [0, red > 25 ? 0 : 1, red > 25 ? 1 : 0])), [2, 3]];
    });
    const classes = { output: 'c', names: ['cat', 'fish', 'tree'] };
    const network = onnxNetwork({ session: fixed, Tensor, description: { ...description, classes } });
    const seen = await network.extract([10, 20, 30].map((red) => picture(red, 0, 0, 0, 0, 0)));
    expect([...seen.features].map(Math.round)).toEqual([10, 10, 20, 20, 30, 30]);
    expect([...seen.classes!]).toEqual([1, 1, 2]);
    expect(fixed.fed.map(({ dims }) => dims[0])).toEqual([2, 2]);
  });

  it('reads the likeliest class and kind of damage', async () => {
    const logits: Record<string, number[]> = { f: [1, 2, 3, 4], c: [0, 5, 1, 9, 1, 2], d: [-3, -2, -1, -4] };
    const session = fakeSession(inputs, { ...outputs, c: ['n', 3], d: ['n', 2] }, (output) => [
      Float32Array.from(logits[output]!),
      [2, logits[output]!.length / 2],
    ]);
    const network = onnxNetwork({
      session,
      Tensor,
      description: {
        ...description,
        classes: { output: 'c', names: ['cat', 'fish', 'tree'] },
        damages: { output: 'd', names: ['none', 'blur'] },
      },
    });
    const { classes, damages } = await network.extract([
      picture(1, 2, 3, 4, 5, 6),
      picture(6, 5, 4, 3, 2, 1),
    ]);
    expect([[...classes!], [...damages!]]).toEqual([
      [1, 0],
      [1, 0],
    ]);
    expect(network.damageNames).toEqual(['none', 'blur']);
  });

  it('takes the first or the mean of many tokens', async () => {
    const tokens = [1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60];
    const session = () =>
      fakeSession(inputs, { f: ['n', 't', 2] }, () => [Float32Array.from(tokens), [2, 3, 2]]);
    const features = async (which: 'first' | 'mean') => {
      const described = { ...description, features: { output: 'f', width: 2, tokens: which } };
      const network = onnxNetwork({ session: session(), Tensor, description: described });
      return [...(await network.extract([picture(0, 0, 0, 0, 0, 0), picture(0, 0, 0, 0, 0, 0)])).features];
    };
    expect(await features('first')).toEqual([1, 2, 10, 20]);
    expect((await features('mean')).map((value) => Math.round(1000 * value) / 1000)).toEqual([3, 4, 30, 40]);
  });

  it('takes features that come as [n, width, 1, 1]', async () => {
    const session = fakeSession(inputs, { f: ['n', 2, 1, 1] }, () => [Float32Array.of(7, 8), [1, 2, 1, 1]]);
    const { features } = await onnxNetwork({ session, Tensor, description }).extract([
      picture(0, 0, 0, 0, 0, 0),
    ]);
    expect([...features]).toEqual([7, 8]);
  });

  it('refuses a graph that is not the one described, naming all that differs', () => {
    const make = (
      given: Parameters<typeof fakeSession>[0],
      made: Parameters<typeof fakeSession>[1],
      type?: 'float16',
    ) =>
      problemsOf(() =>
        onnxNetwork({ session: fakeSession(given, made, numbered, type), Tensor, description }),
      );
    expect(make({ image: ['n', 3, 1, 2] }, outputs)).toMatch(/no input "x"; it has image/);
    expect(make({ x: ['n', 1, 2, 3] }, outputs)).toMatch(
      /"x" is \[n, 1, 2, 3\]; described is \[n, 3, 1, 2\]/,
    );
    expect(make(inputs, { f: ['n', 4], g: ['n', 2] })).toMatch(/"f" is \[n, 4\]/);
    expect(make(inputs, { g: ['n', 2] })).toMatch(/no output "f"; it has g/);
    expect(make(inputs, outputs, 'float16')).toMatch(/float16; it must be float32/);
    expect(make({ ...inputs, flag: [1] }, outputs)).toMatch(/further inputs.*flag/);
  });

  it('takes extents that the graph leaves open, and minds them when they come', async () => {
    const session = fakeSession({ x: ['n', 'c', 'h', 'w'] }, { f: ['n', 'width'] }, () => [
      new Float32Array(5),
      [1, 5],
    ]);
    const network = onnxNetwork({ session, Tensor, description });
    await expect(network.extract([picture(0, 0, 0, 0, 0, 0)])).rejects.toThrow(/came as \[1, 5\]/);
  });

  it('reports features that are not finite', async () => {
    const session = fakeSession(inputs, outputs, () => [Float32Array.of(1, Number.NaN), [1, 2]]);
    const network = onnxNetwork({ session, Tensor, description });
    await expect(network.extract([picture(0, 0, 0, 0, 0, 0)])).rejects.toThrow(NonFiniteError);
  });
});
