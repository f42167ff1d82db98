import { Tensor } from 'onnxruntime-common';
import { describe, expect, it } from 'vitest';
import type { NetworkDescription } from './network-description.js';
import { onnxNetwork } from './onnx-network.js';
import { fakeSession } from './testing/fake-session.js';

const cells = {
  output: 'cells',
  apart: 1,
  things: [
    { name: 'fox', colour: 'orange' },
    { name: 'apple', colour: 'red' },
  ],
  colours: ['blue', 'green'],
  sizes: ['small', 'big'],
};
const description: NetworkDescription = {
  name: 'scenes',
  input: { name: 'x', width: 1, height: 1, layout: 'nchw', mean: [0, 0, 0], std: [1, 1, 1] },
  features: { output: 'f', width: 1 },
  cells,
};
const CHANNELS = 1 + 2 + 3 + 2;
const [ROWS, COLUMNS] = [3, 4];

interface Cell {
  readonly row: number;
  readonly column: number;
  /** By channel. */
  readonly logits: readonly number[];
}

/** A network whose pictures, by the red of their pixel, have these cells; all others are −1. */
function networkOf(pictures: readonly (readonly Cell[])[]) {
  const inputs = { x: ['n', 3, 1, 1] };
  const outputs = { f: ['n', 1], cells: ['n', CHANNELS, ROWS, COLUMNS] };
  const area = ROWS * COLUMNS;
  return onnxNetwork({
    session: fakeSession(inputs, outputs, (output, { data, dims: [count = 0] }) => {
      if (output === 'f') return [new Float32Array(count), [count, 1]];
      const planes = new Float32Array(count * CHANNELS * area).fill(-1);
      for (let picture = 0; picture < count; picture++) {
        const place = Math.round(data[picture * 3]! * 255);
        for (const { row, column, logits } of pictures[place]!) {
          for (const [channel, logit] of logits.entries()) {
            planes[(picture * CHANNELS + channel) * area + row * COLUMNS + column] = logit;
          }
        }
      }
      return [planes, [count, CHANNELS, ROWS, COLUMNS]];
    }),
    Tensor,
    description,
    batch: 2,
  });
}

const pixel = (red: number) => ({ width: 1, height: 1, data: Uint8Array.of(red, 0, 0) });

describe('the things of a picture', () => {
  it('are cells more likely than not, with the likeliest name, colour and size', async () => {
    const network = networkOf([
      [
        { row: 0, column: 0, logits: [2, 5, 1, 9, 0, 0, 3, 0] },
        { row: 2, column: 3, logits: [0.1, 0, 4, 0, 1, 2, 0, 1] },
        { row: 0, column: 3, logits: [0, 9, 0, 9, 0, 0, 9, 0] },
      ],
      [],
      [{ row: 1, column: 1, logits: [1, 0, 1, 0, 3, 2, 0, 1] }],
    ]);
    const { things } = await network.extract([0, 1, 2].map(pixel));
    expect(things).toEqual([
      [
        { thing: 0, colour: null, size: 'small', row: 0, column: 0 },
        { thing: 1, colour: 'green', size: 'big', row: 2, column: 3 },
      ],
      [],
      [{ thing: 1, colour: 'blue', size: 'big', row: 1, column: 1 }],
    ]);
  });

  it('are the surest of those that are not apart', async () => {
    const cell = (row: number, column: number, logit: number): Cell => ({
      ...{ row, column },
      logits: [logit, 1, 0, 1, 0, 0, 1, 0],
    });
    const network = networkOf([[cell(0, 0, 1), cell(1, 1, 2), cell(2, 3, 1)]]);
    const { things } = await network.extract([pixel(0)]);
    expect(things![0]!.map(({ row, column }) => [row, column])).toEqual([
      [1, 1],
      [2, 3],
    ]);
  });

  it('need a graph of as many channels as are described', () => {
    const session = fakeSession(
      { x: ['n', 3, 1, 1] },
      { f: ['n', 1], cells: ['n', CHANNELS + 1, ROWS, COLUMNS] },
      () => [new Float32Array(), []],
    );
    expect(() => onnxNetwork({ session, Tensor, description })).toThrow(
      /output "cells" is \[n, 9, 3, 4\]; described is \[n, 8, n, n\]/,
    );
  });
});
