import { readFile } from 'node:fs/promises';
import { randomOrder } from '@tessera/core';
import { proxyModel } from '@tessera/core/model';
import { fakeModel } from '@tessera/core/testing';
import { parseManifest } from '@tessera/format';
import { gtr } from '@tessera/gtr';
import { modelFolder } from '@tessera/model-tiny';
import { expect, test } from 'vitest';
import { estimate, spreadSteps } from './estimate.js';
import { measure, type TimedModel, total } from './measure.js';
import { transformerFlops } from './transformer-flops.js';

const manifest = parseManifest(await readFile(new URL('mar.json', modelFolder), 'utf8'));
const stack = { width: 8, depth: 2, hidden: 32 };
const sizes = { length: 256, channels: 16, buffer: 2, encoder: stack, decoder: stack };
const drawing = { seed: 1, batch: 3 };

/** Its transformer takes a millisecond an operation of each row, its head one for each evaluation. */
function arithmeticModel(): TimedModel & { readonly steps: () => number } {
  const fake = fakeModel({ shape: manifest.grid, width: 8 });
  const transformer = { runs: 0, milliseconds: 0 };
  const model = proxyModel(fake, {
    condition: async (request: Parameters<typeof fake.condition>[0]) => {
      transformer.runs++;
      transformer.milliseconds += total(request.batch, ({ grid, positions }) =>
        transformerFlops(sizes, {
          visible: total(grid.known, (known) => known),
          targets: positions.length,
        }),
      );
      return fake.condition(request);
    },
  });
  return Object.assign(model as unknown as TimedModel, {
    manifest,
    runStatistics: async () => ({
      transformer: { ...transformer },
      denoise: { runs: 0, milliseconds: fake.calls.headEvaluations },
    }),
    steps: () => transformer.runs,
  });
}

test.each([
  ['MAR', randomOrder({ steps: 64, diffusionSteps: 10 })],
  ['GtR', gtr({ preset: '32', frequencyWeighted: false })],
])(
  'one step of %s tells what all take, where times go by operations and evaluations',
  async (name, policy) => {
    const one = arithmeticModel();
    const estimated = await estimate(one, sizes, { name, policy }, { ...drawing, budget: 0 });
    expect([estimated.stepsRun, one.steps()]).toEqual([1, 1]);
    const measured = await measure(arithmeticModel(), sizes, { name, policy }, drawing);
    expect(estimated.transformer).toBeCloseTo(measured.transformer, 3);
    expect(estimated.head).toBeCloseTo(measured.head, 3);
  },
);

test('steps are run until the budget is spent', async () => {
  const model = arithmeticModel();
  const variant = { name: 'GtR', policy: gtr('16') };
  const estimated = await estimate(model, sizes, variant, { ...drawing, budget: Number.POSITIVE_INFINITY });
  expect(estimated).toMatchObject({ stepsRun: 16, steps: 16 });
  expect(model.steps()).toBe(16);
});

test('steps are spread: the middle one first, each once', () => {
  expect(spreadSteps(8)).toEqual([4, 2, 6, 1, 3, 5, 7, 0]);
  expect(spreadSteps(1)).toEqual([0]);
  expect([...spreadSteps(33)].sort((a, b) => a - b)).toEqual(Array.from({ length: 33 }, (_, i) => i));
});
