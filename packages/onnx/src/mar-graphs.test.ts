import { exampleManifest } from '@tessera/format/testing';
import type { Tensor } from 'onnxruntime-common';
import { expect, it } from 'vitest';
import { MarGraphs } from './mar-graphs.js';

const { grid, widths } = exampleManifest();
const ROWS = 9;
const TARGETS = 2;

class PlainTensor {
  readonly location = 'cpu';
  readonly data: Float32Array | Int32Array;
  readonly dims: readonly number[];
  constructor(_type: string, data: Float32Array | Int32Array, dims: readonly number[]) {
    this.data = data;
    this.dims = dims;
  }
  async getData(): Promise<Float32Array | Int32Array> {
    return this.data;
  }
}

/** A transformer whose z is the label of its row plus its first token and position. */
function graphs(rowsAtOnce?: number) {
  const runs: number[] = [];
  const session = {
    async run({ tokens, positions, labels }: Readonly<Record<string, Tensor>>) {
      const count = labels!.dims[0]!;
      runs.push(count);
      const size = TARGETS * widths.decoder;
      const first = (tensor: Tensor, row: number) =>
        Number((tensor.data as Float32Array)[(row * tensor.data.length) / count]);
      const z = Float32Array.from({ length: count * size }, (_, i) => {
        const row = Math.floor(i / size);
        return first(labels!, row) + first(tokens!, row) / 10 + first(positions!, row) / 100 + (i % size);
      });
      return { z: new PlainTensor('float32', z, [count, TARGETS, widths.decoder]) };
    },
    async release() {},
  };
  const made = new MarGraphs(
    exampleManifest(),
    { transformer: session } as never,
    PlainTensor as never,
    rowsAtOnce,
  );
  return { made, runs };
}

it('takes a large batch in parts, and gives the z of the whole', async () => {
  const length = grid.height * grid.width;
  const batch = {
    tokens: Float32Array.from({ length: ROWS * 3 * grid.channels }, (_, i) => i % 7),
    positions: Int32Array.from({ length: ROWS * length }, (_, i) => i % 5),
    labels: Int32Array.from({ length: ROWS }, (_, row) => row % 3),
    targetCount: TARGETS,
  };
  const [whole, parts] = [graphs(), graphs(4)];
  const z = await whole.made.condition(batch);
  const joined = await parts.made.condition(batch);
  expect([whole.runs, parts.runs]).toEqual([[9], [4, 4, 1]]);
  expect(joined.tensor.dims).toEqual([ROWS, TARGETS, widths.decoder]);
  expect(await joined.read()).toEqual(await z.read());
});
