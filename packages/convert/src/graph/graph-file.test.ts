import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidOptionError } from '@tessera/core';
import { InferenceSession } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { float32, inTemporaryFolder, largestError, openGraph, run } from '../testing/golden.js';
import { randomArray, randomNumbers } from '../testing/random-weights.js';
import { GraphBuilder } from './graph-builder.js';
import { type SaveGraphOptions, saveGraph } from './graph-file.js';

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
