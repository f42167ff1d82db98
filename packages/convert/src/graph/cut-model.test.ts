import { join } from 'node:path';
import { STORAGE_TYPES } from '@tessera/format';
import { expect, it } from 'vitest';
import { openStretches } from '../forward/open-stretches.js';
import { inTemporaryFolder, largestError, openWritten } from '../testing/golden.js';
import { randomArray, randomNumbers } from '../testing/random-weights.js';
import { cutModel } from './cut-model.js';
import { GraphBuilder } from './graph-builder.js';
import { type SavedGraph, saveGraph } from './graph-file.js';

const WIDTH = 64;
const DEPTH = 5;
const MATRIX_BYTES = 4 * WIDTH * WIDTH;

/** x += gelu(x·W) + table[labels] block by block, with a number of rows that nodes compute from a shape. */
function blocks(): GraphBuilder {
  const next = randomNumbers(3);
  const graph = new GraphBuilder('blocks');
  const weight = (name: string, rows: number) => {
    const data = randomArray(rows * WIDTH, next).map((value) => value / 8);
    return graph.weight({ name, shape: [rows, WIDTH], load: async () => data });
  };
  let x = graph.input('x', 'float32', ['n', WIDTH]);
  const labels = graph.input('labels', 'int32', [1]);
  const size = graph.op('Concat', [graph.extent(x, 0), graph.int64(WIDTH)], { axis: { int: 0 } });
  const isFirst = graph.op('Equal', [labels, graph.int32([0])]);
  for (let block = 0; block < DEPTH; block++) {
    const row = graph.op('Gather', [weight('table', 4), labels]);
    const chosen = graph.op('Where', [isFirst, row, graph.op('Neg', [row])]);
    const product = graph.op('MatMul', [x, weight(`block.${block}`, WIDTH)]);
    const update = graph.op('BiasGelu', [product, graph.floats(new Float32Array(WIDTH))]);
    x = graph.op('Add', [graph.op('Add', [x, update]), graph.op('Expand', [chosen, size])]);
    if (block === 1) graph.output('half', x, 'float32', ['n', WIDTH]);
  }
  graph.output('y', x, 'float32', ['n', WIDTH]);
  return graph;
}

it.each(STORAGE_TYPES)('a model in %s computes in stretches what it computes whole', async (storage) => {
  await inTemporaryFolder(async (folder) => {
    const saved = await saveGraph(blocks(), join(folder, 'blocks.onnx'), { storage, inlineLimit: 0 });
    const feeds = {
      x: { type: 'float32', data: randomArray(3 * WIDTH, randomNumbers(5)), dims: [3, WIDTH] },
      labels: { type: 'int32', data: Int32Array.of(2), dims: [1] },
    } as const;
    let opened = 0;
    const openGraph = (path: string) => {
      opened++;
      return openWritten(path);
    };
    const run = async (limit: number) => {
      const graph = await openStretches(saved, openGraph, { limit });
      const { half, y } = await graph.run(feeds);
      await graph.release();
      return { half: half!.data, y: y!.data };
    };
    const whole = await run(Number.POSITIVE_INFINITY);
    expect(opened).toBe(1);
    expect(await run(1.5 * MATRIX_BYTES)).toEqual(whole);
    // Sums of parts of a product are rounded in another order.
    const split = await run(0.4 * MATRIX_BYTES);
    expect(largestError(split.y as Float32Array, whole.y as Float32Array)).toBeLessThan(1e-4);
    expect(opened).toBeGreaterThan(1 + 1);
  });
});

it('a stretch has no more weights than allowed, and all weights are in some stretch', async () => {
  await inTemporaryFolder(async (folder) => {
    const options = { storage: 'fp16', inlineLimit: 0 } as const;
    const { model } = (await saveGraph(
      blocks(),
      join(folder, 'blocks.onnx'),
      options,
    )) as Required<SavedGraph>;
    for (const limit of [1, 1.5, 2.5, 10].map((matrices) => matrices * MATRIX_BYTES)) {
      const stretches = cutModel(model, limit);
      const names = stretches.map(({ initializers }) => initializers.map(({ name }) => name));
      const matricesIn = names.map((all) => all.filter((name) => name.startsWith('block.')).length);
      expect(Math.max(...matricesIn)).toBeLessThanOrEqual(Math.max(1, Math.floor(limit / MATRIX_BYTES)));
      expect(new Set(names.flat())).toEqual(new Set(model.initializers.map(({ name }) => name)));
    }
  });
});
