import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InvalidOptionError } from '@tessera/core';
import { STORAGE_TYPES, type StorageType } from '@tessera/format';
import { InferenceSession } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { float32, inTemporaryFolder, largestError, openGraph, run } from '../testing/golden.js';
import { randomArray, randomNumbers } from '../testing/random-weights.js';
import { GraphBuilder, type LazyWeight } from './graph-builder.js';
import { type SaveGraphOptions, SharedWeights, saveGraph } from './graph-file.js';

const SIZE = 48;

/** y = x·first·second + bias. */
function products(first: Float32Array, second: Float32Array): GraphBuilder {
  const graph = new GraphBuilder('products');
  const matrix = (name: string, data: Float32Array) =>
    graph.weight({ name, shape: [SIZE, SIZE], load: async () => data });
  const x = graph.input('x', 'float32', ['n', SIZE]);
  const bias = graph.weight({
    name: 'bias',
    shape: [SIZE],
    load: async () => new Float32Array(SIZE).fill(0.1),
  });
  const product = graph.op('MatMul', [
    graph.op('MatMul', [x, matrix('first', first)]),
    matrix('second', second),
  ]);
  graph.output('y', graph.op('Add', [product, bias]), 'float32', ['n', SIZE]);
  return graph;
}

const matrices = (): [Float32Array, Float32Array] => {
  const next = randomNumbers(11);
  return [randomArray(SIZE * SIZE, next), randomArray(SIZE * SIZE, next)];
};

async function saveAndRun(
  graph: GraphBuilder,
  folder: string,
  options: SaveGraphOptions,
): Promise<{ y: Float32Array; files: readonly string[]; keptFloat32: readonly string[] }> {
  const path = join(folder, 'products.onnx');
  const saved = await saveGraph(graph, path, options);
  const session = await InferenceSession.create(path, { logSeverityLevel: 3 });
  const { y } = await run(session, { x: float32(randomArray(2 * SIZE, randomNumbers(13)), [2, SIZE]) });
  await session.release();
  return { y: y!, ...saved };
}

const WIDTH = 96;

/** Layers of all kinds: y = last(second(gelu(first x)) + bias) + table[0], and a convolution. */
function layers(): GraphBuilder {
  const next = randomNumbers(17);
  const graph = new GraphBuilder('layers');
  const weight = (name: string, shape: readonly number[], atLeast?: LazyWeight['atLeast']) => {
    const data = randomArray(
      shape.reduce((product, extent) => product * extent, 1),
      next,
    ).map((value) => (value * 1.7) / Math.sqrt(WIDTH));
    return graph.weight({ name, shape, atLeast, load: async () => data });
  };
  const x = graph.input('x', 'float32', ['n', WIDTH]);
  const hidden = graph.op('MatMul', [x, weight('first', [WIDTH, WIDTH])]);
  const active = graph.op('BiasGelu', [hidden, graph.floats(new Float32Array(WIDTH))]);
  const second = graph.op('Gemm', [active, weight('second', [WIDTH, WIDTH]), weight('bias', [WIDTH])]);
  const row = graph.op('Gather', [weight('table', [4, WIDTH]), graph.int32([0])]);
  const last = graph.op('MatMul', [second, weight('last', [WIDTH, WIDTH], 'fp16')]);
  const image = graph.op('Reshape', [graph.op('Add', [last, row]), graph.int64(-1, 1, 8, WIDTH / 8)]);
  const seen = graph.op('Conv', [image, weight('kernel', [1, 1, 3, 3])], {
    kernel_shape: { ints: [3, 3] },
    pads: { ints: [1, 1, 1, 1] },
  });
  graph.output('y', graph.op('Reshape', [seen, graph.int64(-1, WIDTH)]), 'float32', ['n', WIDTH]);
  return graph;
}

const rowsOf = (count: number): Float32Array[] => {
  const next = randomNumbers(19);
  return Array.from({ length: count }, () => randomArray(WIDTH, next));
};

async function runLayers(
  storage: StorageType,
  rows: readonly Float32Array[],
): Promise<{ readonly y: Float32Array }> {
  const session = await openGraph(layers(), { storage });
  const data = Float32Array.from(rows.flatMap((row) => [...row]));
  const { y } = await run(session, { x: float32(data, [rows.length, WIDTH]) });
  await session.release();
  return { y: y! };
}

async function savedBytes(graph: GraphBuilder, storage: StorageType): Promise<{ readonly graph: string }> {
  return inTemporaryFolder(async (folder) => {
    const path = join(folder, 'graph.onnx');
    await saveGraph(graph, path, { storage });
    return { graph: (await readFile(path)).toString('latin1') };
  });
}

describe('a saved graph', () => {
  it('keeps weights beyond the limit in an aligned file beside it, and computes the same', async () => {
    await inTemporaryFolder(async (folder) => {
      const inside = await saveAndRun(products(...matrices()), folder, { storage: 'fp32' });
      expect(inside.files).toEqual([join(folder, 'products.onnx')]);
      const beside = await saveAndRun(products(...matrices()), folder, {
        storage: 'fp32',
        inlineLimit: 1000,
      });
      expect(beside.files).toEqual([join(folder, 'products.onnx'), join(folder, 'products.onnx_data')]);
      expect(beside.y).toEqual(inside.y);
      expect((await stat(join(folder, 'products.onnx'))).size).toBeLessThan(2000);
      const text = (await readFile(join(folder, 'products.onnx'))).toString('latin1');
      const offsets = [...text.matchAll(/offset..(\d+)/gs)].map((match) => Number(match[1]));
      expect(offsets).toHaveLength(3);
      expect(offsets.filter((offset) => offset % 64 !== 0)).toEqual([]);
    });
  });

  it('takes half the bytes in fp16, and loses no more than half floats do', async () => {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, 'products.onnx');
      const full = await saveAndRun(products(...matrices()), folder, { storage: 'fp32' });
      const fullSize = (await stat(path)).size;
      const half = await saveAndRun(products(...matrices()), folder, { storage: 'fp16' });
      expect((await stat(path)).size / fullSize).toBeLessThan(0.55);
      const error = largestError(half.y, full.y);
      expect(error).toBeGreaterThan(0);
      expect(error).toBeLessThan(0.05);
    });
  });

  it('has data files of at most the bytes asked for, but for a weight that is larger itself', async () => {
    await inTemporaryFolder(async (folder) => {
      const whole = await saveAndRun(products(...matrices()), folder, { storage: 'fp32' });
      const limits = { inlineLimit: 0, pieceLimit: SIZE * SIZE * 4 };
      const { y, files } = await saveAndRun(products(...matrices()), folder, { storage: 'fp32', ...limits });
      expect(y).toEqual(whole.y);
      expect(files.map((file) => basename(file))).toEqual([
        'products.onnx',
        ...['products.onnx_data', 'products.onnx_data_1', 'products.onnx_data_2'],
      ]);
      const sizes = await Promise.all(files.slice(1).map(async (file) => (await stat(file)).size));
      expect(Math.max(...sizes)).toBe(limits.pieceLimit);
      expect((await readdir(folder)).length).toBe(4);
    });
  });

  it.each(STORAGE_TYPES)('has %s weights of another graph where that one has them', async (storage) => {
    await inTemporaryFolder(async (folder) => {
      const width = 256;
      const next = randomNumbers(17);
      const [common, own] = [randomArray(width * width, next), randomArray(width * width, next)];
      const graphs = ['first', 'second'].map((name, index) => {
        const graph = new GraphBuilder(name);
        const weight = (key: string, data: Float32Array) =>
          graph.weight({ name: key, shape: [width, width], load: async () => data });
        let y = graph.op('MatMul', [graph.input('x', 'float32', ['n', width]), weight('common', common)]);
        if (index === 1) y = graph.op('MatMul', [y, weight('own', own)]);
        graph.output('y', y, 'float32', ['n', width]);
        return graph;
      });
      const shared = new SharedWeights(graphs);
      const x = { x: float32(randomArray(width, randomNumbers(19)), [1, width]) };
      const sizes: number[] = [];
      for (const graph of graphs) {
        const alone = await saveGraph(graph, join(folder, `${graph.name}-alone.onnx`), { storage });
        const saved = await saveGraph(graph, join(folder, `${graph.name}.onnx`), { storage, shared });
        const results = await Promise.all(
          [alone, saved].map(async ({ files }) => {
            const session = await InferenceSession.create(files[0]!, { logSeverityLevel: 3 });
            return run(session, x).finally(() => session.release());
          }),
        );
        expect(results[1]).toEqual(results[0]);
        const others = graph === graphs[0] ? [] : ['first.onnx_data'];
        const names = [`${graph.name}.onnx`, `${graph.name}.onnx_data`, ...others];
        expect(saved.files.map((file) => basename(file))).toEqual(names);
        sizes.push((await stat(`${saved.files[0]!}_data`)).size);
      }
      // Each data file has one matrix.
      expect(sizes[1]).toBe(sizes[0]);
    });
  });

  it('always has the same bytes', async () => {
    await inTemporaryFolder(async (folder) => {
      for (const storage of STORAGE_TYPES) {
        const bytes = async (): Promise<Buffer> => {
          await saveGraph(layers(), join(folder, 'layers.onnx'), { storage });
          return readFile(join(folder, 'layers.onnx'));
        };
        expect(await bytes()).toEqual(await bytes());
      }
    });
  });

  it.each([
    ['int8', 0.02],
    ['int4', 0.12],
  ] as const)('multiplies in %s within %d of what float32 gives', async (storage, allowed) => {
    const exact = await runLayers('fp32', rowsOf(3));
    const { y } = await runLayers(storage, rowsOf(3));
    const size = Math.sqrt(exact.y.reduce((sum, value) => sum + value ** 2, 0));
    const error = Math.sqrt(y.reduce((sum, value, i) => sum + (value - exact.y[i]!) ** 2, 0));
    expect(error / size).toBeLessThan(allowed);
    expect(error).toBeGreaterThan(0);
  });

  it.each(['int8', 'int4'] as const)('gives a row in %s whatever rows are beside it', async (storage) => {
    const rows = rowsOf(3);
    const { y: together } = await runLayers(storage, [...rows, rows[0]!.map((value) => 100 * value)]);
    for (const [i, row] of rows.entries()) {
      const { y } = await runLayers(storage, [row]);
      expect(largestError(together.subarray(i * WIDTH, (i + 1) * WIDTH), y)).toBeLessThan(1e-5);
    }
  });

  it('stores in integers what linear layers multiply by, unless it needs floats, and the rest in fp16', async () => {
    const graph = layers();
    const typesOf = async (storage: StorageType) => {
      const { graph: text } = await savedBytes(graph, storage);
      return [...graph.weights.keys()].map((name) =>
        ['int8', 'int4', 'fp16'].find((type) => text.includes(`${name}.${type}`)),
      );
    };
    // first, second, its bias, table, last, kernel
    expect(await typesOf('int8')).toEqual(['int8', 'int8', undefined, 'fp16', 'fp16', 'int8']);
    expect(await typesOf('int4')).toEqual(['int4', 'int4', undefined, 'fp16', 'fp16', 'fp16']);
  });

  it('keeps float32 where a value is too large for a half float, and says which weight that is', async () => {
    await inTemporaryFolder(async (folder) => {
      const [first, second] = matrices();
      first[0] = 1e5;
      const full = await saveAndRun(products(first, second), folder, { storage: 'fp32' });
      const half = await saveAndRun(products(first, second), folder, { storage: 'fp16' });
      expect(half.keptFloat32).toEqual(['first']);
      expect(full.keptFloat32).toEqual([]);
      expect(largestError(half.y, full.y) / Math.max(...full.y.map(Math.abs))).toBeLessThan(1e-3);
    });
  });

  it('leaves weights alone that need float32', async () => {
    await inTemporaryFolder(async (folder) => {
      const graph = products(...matrices());
      for (const [name, weight] of graph.weights) graph.weights.set(name, { ...weight, atLeast: 'fp32' });
      const full = await saveAndRun(products(...matrices()), folder, { storage: 'fp32' });
      expect((await saveAndRun(graph, folder, { storage: 'fp16' })).y).toEqual(full.y);
    });
  });

  it('takes the place of an older one only when it is complete', async () => {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, 'products.onnx');
      const options = { storage: 'fp32', inlineLimit: 0 } as const;
      await saveGraph(products(...matrices()), path, options);
      const before = await readFile(`${path}_data`);
      const broken = products(...matrices());
      const load = () => Promise.reject(new Error('unreadable'));
      broken.weights.set('second', { ...broken.weights.get('second')!, load });
      await expect(saveGraph(broken, path, options)).rejects.toThrow('unreadable');
      expect(await readFile(`${path}_data`)).toEqual(before);
      expect((await readdir(folder)).toSorted()).toEqual(['products.onnx', 'products.onnx_data']);
    });
  });

  it('is refused with a type that weights are never stored in', async () => {
    await inTemporaryFolder(async (folder) => {
      const storage = 'bf16' as 'fp16';
      const saving = saveGraph(products(...matrices()), join(folder, 'products.onnx'), { storage });
      await expect(saving).rejects.toMatchObject({ code: 'invalid-option', option: 'storage' });
      expect(await readdir(folder)).toEqual([]);
    });
  });

  it('stops between two weights when aborted, with the signal’s reason', async () => {
    await inTemporaryFolder(async (folder) => {
      const controller = new AbortController();
      const written: string[] = [];
      const saving = saveGraph(products(...matrices()), join(folder, 'products.onnx'), {
        storage: 'fp32',
        inlineLimit: 0,
        signal: controller.signal,
        onWeight: ({ name }) => {
          written.push(name);
          controller.abort(new Error('enough'));
        },
      });
      await expect(saving).rejects.toThrow('enough');
      expect(written).toHaveLength(1);
      expect(await readdir(folder)).toEqual([]);
    });
  });
});

describe('a graph builder', () => {
  it('lets nodes use what is an output already', async () => {
    const graph = new GraphBuilder('g');
    const negative = graph.op('Neg', [graph.input('x', 'float32', [2])]);
    graph.output('y', negative, 'float32', [2]);
    graph.output('z', graph.op('Neg', [negative]), 'float32', [2]);
    const session = await openGraph(graph);
    const { y, z } = await run(session, { x: float32(Float32Array.of(1, 2), [2]) });
    expect([y, z]).toEqual([Float32Array.of(-1, -2), Float32Array.of(1, 2)]);
    await session.release();
  });

  it('takes for an output what a node computes alone, once, and under a name of its own', () => {
    const graph = new GraphBuilder('g');
    const x = graph.input('x', 'float32', [2]);
    const constant = graph.floats(Float32Array.of(1, 2));
    const negative = graph.op('Neg', [x]);
    graph.output('y', negative, 'float32', [2]);
    const more = graph.op('Neg', [x]);
    for (const [name, value] of [
      ['z', x],
      ['z', constant],
      ['z', 'unknown'],
      ['z', negative],
      ['z', 'y'],
      ['x', more],
      ['y', more],
    ] as const) {
      expect(() => graph.output(name, value, 'float32', [2])).toThrow(InvalidOptionError);
    }
    expect(graph.outputs.map((output) => output.name)).toEqual(['y']);
  });

  it('makes one constant of equal ones and one weight of equal names', () => {
    const graph = new GraphBuilder('g');
    expect(graph.int64(1, 2)).toBe(graph.int64(1, 2));
    expect(graph.int64(1, 2)).not.toBe(graph.int32([1, 2]));
    expect(graph.floats(Float32Array.of(1, 2))).not.toBe(graph.floats(Float32Array.of(1, 2), [1, 2]));
    const weight = { name: 'w', shape: [1], load: async () => new Float32Array(1) };
    expect(graph.weight(weight)).toBe(graph.weight({ ...weight }));
    expect(graph.weights.size).toBe(1);
  });
});
