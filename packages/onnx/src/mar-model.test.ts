import { ancestralSampler, keyedNoise } from '@tessera/core';
import {
  type ClassInput,
  type ConditionImage,
  ConditionRows,
  emptyGrid,
  memoryTensor,
} from '@tessera/core/model';
import { exampleManifest } from '@tessera/format/testing';
import type { Tensor } from 'onnxruntime-common';
import { expect, it, vi } from 'vitest';
import { MarGraphs } from './mar-graphs.js';
import { MarModel } from './mar-model.js';

const { grid, widths } = exampleManifest();

/** A tensor as a GPU holds it: a row's values are `row`, and who reads or frees it is counted. */
class GpuTensor {
  readonly location: string = 'gpu-buffer';
  readonly dims: readonly number[];
  reads = 0;
  disposals = 0;
  constructor(dims: readonly number[]) {
    this.dims = dims;
  }
  async getData(): Promise<Float32Array> {
    this.reads++;
    Object.assign(this, { location: 'cpu' });
    const width = this.dims.at(-1)!;
    const size = this.dims.reduce((product, extent) => product * extent, 1);
    return Float32Array.from({ length: size }, (_, i) => Math.floor(i / width));
  }
  dispose(): void {
    this.disposals++;
  }
}

class PlainTensor {
  readonly data: Float32Array | Int32Array;
  readonly dims: readonly number[];
  constructor(_type: string, data: Float32Array | Int32Array, dims: readonly number[]) {
    this.data = data;
    this.dims = dims;
  }
}

/**
 * A model whose graphs keep what they feed each other on a GPU; it collects what `project` is given. `hold` keeps its next
 * runs from ending, until the function that it returns is called.
 */
function modelOnGpu(...further: readonly 'decoder'[]) {
  let held: Promise<void> | undefined;
  const made: GpuTensor[] = [];
  const projected: { z: unknown; rows: number[] }[] = [];
  const onGpu = (dims: readonly number[]): Tensor => {
    const tensor = new GpuTensor(dims);
    made.push(tensor);
    return tensor as unknown as Tensor;
  };
  const inMemory = (dims: readonly number[]): Tensor =>
    new PlainTensor('float32', new Float32Array(dims.reduce((a, b) => a * b, 1)), dims) as unknown as Tensor;
  const session = (run: (feeds: Record<string, Tensor>) => Record<string, Tensor>) => ({
    async run(feeds: unknown) {
      await held;
      return run(feeds as Record<string, Tensor>);
    },
    release: vi.fn(async () => {}),
  });
  const sessions = {
    transformer: session(({ labels, target_count }) => ({
      z: onGpu([labels!.dims[0]!, Number(target_count!.data[0]), widths.decoder]),
    })),
    embed: session(({ timesteps }) => ({
      time_embed: inMemory([timesteps!.dims[0]!, widths.head]),
      sinusoid: inMemory([timesteps!.dims[0]!, 256]),
    })),
    project: session(({ z, rows }) => {
      projected.push({ z, rows: [...(rows!.data as Int32Array)] });
      return { z_embed: onGpu([rows!.dims[0]!, widths.head]) };
    }),
    modulate: session(({ z_embed }) => ({ modulation: onGpu([1, z_embed!.dims[0]!, 8]) })),
    denoise: session(({ modulation }) => ({ out: inMemory([modulation!.dims[1]!, 2 * grid.channels]) })),
    ...Object.fromEntries(further.map((name) => [name, session(() => ({}))])),
  };
  const hold = (): (() => void) => {
    let letGo = (): void => {};
    held = new Promise((resolve) => {
      letGo = resolve;
    });
    return () => letGo();
  };
  const graphs = new MarGraphs(exampleManifest(), sessions as never, PlainTensor as never);
  return { model: new MarModel(graphs), sessions: Object.values(sessions), made, projected, hold };
}

function asked(positions: readonly number[], guided: boolean): ConditionImage<ClassInput> {
  return {
    grid: emptyGrid(grid),
    positions: Uint32Array.from(positions),
    input: { classLabel: 0 },
    guided,
  };
}

function sampled(rows: readonly number[]) {
  return {
    rows: Uint32Array.from(rows),
    positions: Uint32Array.from(rows),
    guidanceScale: 2,
    noise: keyedNoise({ seed: 0 }),
  };
}

const request = { coefficients: ancestralSampler()('ddim2'), temperature: 1 };

it('leaves z where it is, and frees all of it', async () => {
  const { model, made, projected } = modelOnGpu();
  const conditions = await model.condition({ batch: [asked([0, 1, 2], true), asked([1, 2, 3], false)] });
  const [z] = made;
  const [guided, plain] = conditions;
  await model.sampleTokens({
    ...request,
    batch: [
      { ...sampled([0, 2]), conditions: guided! },
      { ...sampled([1]), conditions: plain! },
    ],
  });
  // Rows of z: three of each image, then three unconditional ones of the first.
  expect(projected).toEqual([
    { z, rows: [0, 2, 6, 8] },
    { z, rows: [4] },
  ]);
  guided!.release();
  guided!.release();
  await settled(model);
  expect(z!.disposals).toBe(0);
  plain!.release();
  await settled(model);
  expect(made.map(({ disposals }) => disposals)).toEqual(made.map(() => 1));
  expect(made.map(({ reads }) => reads)).toEqual(made.map(() => 0));
});

it('reads z once for all images of a batch, and frees it all the same', async () => {
  const { model, made } = modelOnGpu();
  const conditions = await model.condition({ batch: [asked([0, 1], true), asked([2, 3], true)] });
  const rows = async (values: Promise<Float32Array>) =>
    (await values).filter((_, i) => i % widths.decoder === 0);
  expect([...(await rows(conditions[1]!.read()))]).toEqual([2, 3]);
  expect([...(await rows(conditions[0]!.readUnconditional()))]).toEqual([4, 5]);
  expect(made[0]!.reads).toBe(1);
  for (const held of conditions) held.release();
  await settled(model);
  expect(made[0]!.disposals).toBe(1);
});

it('frees what it made of a batch of which a part fails', async () => {
  const { model, made } = modelOnGpu();
  const images = [asked([0, 1], false), { ...asked([0], false), input: { classLabel: -1 } }];
  await expect(model.condition({ batch: images })).rejects.toMatchObject({ code: 'invalid-option' });
  await settled(model);
  expect(made.map(({ disposals }) => disposals)).toEqual([1]);
});

it('samples from conditions that are not its own, which it reads', async () => {
  const { model, made, projected } = modelOnGpu();
  const [held] = await model.condition({ batch: [asked([0, 1, 2], true)] });
  const tensor = memoryTensor(await held!.readAll());
  const [foreign] = ConditionRows.split(tensor, widths.decoder, [{ count: 3, guided: true }]);
  await model.sampleTokens({ ...request, batch: [{ ...sampled([1, 2]), conditions: foreign! }] });
  const [{ z, rows }] = projected as [{ z: PlainTensor; rows: number[] }];
  expect(rows).toEqual([0, 1, 2, 3]);
  expect([...z.data.filter((_, i) => i % widths.decoder === 0)]).toEqual([1, 2, 4, 5]);
  expect(made[0]!.reads).toBe(1);
});

it('frees z only after a read of it that is under way', async () => {
  const { model, made } = modelOnGpu();
  const [held] = await model.condition({ batch: [asked([0, 1], false)] });
  const [z] = made;
  let arrive = (): void => {};
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const getData = z!.getData.bind(z!);
  z!.getData = async () => {
    await arrived;
    return getData();
  };
  const reading = held!.read();
  held!.release();
  await settled(model);
  expect(z!.disposals).toBe(0);
  arrive();
  expect(await reading).toHaveLength(2 * widths.decoder);
  await settled(model);
  expect(z!.disposals).toBe(1);
});

it('does not let a call that waits for another one wait on once it is aborted', async () => {
  const { model, hold } = modelOnGpu();
  const letGo = hold();
  const running = model.condition({ batch: [asked([0], false)] });
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = [
    model.condition({ batch: [asked([0], false)], signal }),
    model.sampleTokens({ ...request, batch: [], signal }),
    model.decode([], { signal }),
    model.encode([], { signal }),
  ];
  const reason = new Error('enough');
  controller.abort(reason);
  for (const call of waiting) await expect(call).rejects.toBe(reason);
  letGo();
  expect(await running).toHaveLength(1);
});

it.each<[string, (model: MarModel) => Promise<unknown>, string]>([
  [
    'a picture alone',
    (model) => model.encode({} as never),
    'images = object: must be an array with an entry',
  ],
  ['a grid alone', (model) => model.decode({} as never), 'grids = object: must be an array with an entry'],
  [
    'no input',
    (model) => model.condition({ batch: [{ ...asked([0], false), input: undefined as never }] }),
    'input = undefined: must be { classLabel }, which must be null or an integer from 0 to ',
  ],
  [
    'a class label as text',
    (model) => model.condition({ batch: [{ ...asked([0], false), input: { classLabel: '1' as never } }] }),
    ', as a number, not a string.',
  ],
])('says what is wrong with %s', async (_, call, message) => {
  const { model } = modelOnGpu('decoder');
  await expect(call(model)).rejects.toMatchObject({
    code: 'invalid-option',
    message: expect.stringContaining(message),
  });
});

it('refuses rows that an image does not have: in the batch they would be its neighbour’s', async () => {
  const { model, projected } = modelOnGpu();
  const [first] = await model.condition({ batch: [asked([0, 1], false), asked([2, 3], false)] });
  const call = model.sampleTokens({ ...request, batch: [{ ...sampled([0, 2]), conditions: first! }] });
  await expect(call).rejects.toMatchObject({ code: 'invalid-option', option: 'rows', value: 2 });
  expect(projected).toEqual([]);
});

it('refuses grids of other extents or lengths, and says which', async () => {
  const { model } = modelOnGpu('decoder');
  const good = emptyGrid(grid);
  const wrong = [
    [{ ...good, shape: { ...grid, width: 5 } }, 'grid.shape', '[4, 4, 4], got [4, 5, 4]'],
    [{ ...good, known: new Uint8Array(15) }, 'grid.known', '[16], got [15]'],
    [{ ...good, tokens: new Float32Array(60) }, 'grid.tokens', '[16, 4], got [60]'],
  ] as const;
  for (const [given, what, difference] of wrong) {
    for (const call of [
      model.decode([given]),
      model.condition({ batch: [{ ...asked([0], false), grid: given }] }),
    ]) {
      await expect(call).rejects.toMatchObject({
        code: 'shape-mismatch',
        message: expect.stringMatching(new RegExp(`^${what}.*`)),
      });
      await expect(call).rejects.toThrow(difference);
    }
  }
});

it('frees its sessions once, and tells everyone who disposes of it when that is done', async () => {
  const { model, sessions, hold } = modelOnGpu();
  const letGo = hold();
  const running = model.condition({ batch: [asked([0], false)] });
  let ended = 0;
  const ends = [model.dispose(), model.dispose()].map((end) => end.then(() => ended++));
  await new Promise((resolve) => setImmediate(resolve));
  expect(ended).toBe(0);
  letGo();
  await Promise.all([running, ...ends]);
  for (const { release } of sessions) expect(release).toHaveBeenCalledTimes(1);
});

/** Freeing waits for runs that are under way. */
async function settled(model: MarModel): Promise<void> {
  await model.decode([]).catch(() => {});
}
