import { expect, it } from 'vitest';
import { exampleStep } from '../testing/example-step.js';
import { race } from './race.js';
import type { Run } from './step-record.js';

const picture = { width: 1, height: 1, data: new Uint8Array(3) };
const grid = {
  shape: { height: 1, width: 1, channels: 1 },
  tokens: new Float32Array(1),
  known: new Uint8Array(1),
};

const step = (index: number, milliseconds: number) => exampleStep({ index, milliseconds });

async function* variant(times: readonly number[], onStop?: () => void): Run {
  try {
    for (const [index, milliseconds] of times.entries()) yield step(index, milliseconds);
    return { image: picture, grid };
  } finally {
    onStop?.();
  }
}

it('gives the model to whichever has used the least time, so the fastest is finished first', async () => {
  const seen: string[] = [];
  for await (const event of race([variant([10, 10, 10, 10]), variant([15, 15]), variant([1])])) {
    seen.push(event.step ? `${event.index}` : `finish ${event.index}`);
  }
  expect(seen).toEqual(['0', '1', '2', 'finish 2', '0', '1', '0', '0', 'finish 1', 'finish 0']);
});

it('ends all runs when it is left', async () => {
  let stopped = 0;
  const stop = () => stopped++;
  for await (const { index } of race([variant([1, 1], stop), variant([5, 5], stop)])) if (index === 1) break;
  expect(stopped).toBe(2);
});

it('fails with the run that fails', async () => {
  async function* failing(): Run {
    yield step(0, 1);
    throw new Error('lost');
  }
  const run = race([variant([5, 5, 5]), failing()]);
  await expect(
    (async () => {
      for await (const _ of run);
    })(),
  ).rejects.toThrow('lost');
});
