import { expect, it } from 'vitest';
import { generateImages } from './generate.js';
import { emptyGrid } from './grid.js';
import { plansOf } from './plans-of.js';
import { randomOrder } from './policies/random-order.js';
import { fakeModel } from './testing/fake-model.js';

const shape = { height: 4, width: 4, channels: 3 };
const policy = randomOrder({ steps: 5, diffusionSteps: 3 });
const positions = (plans: readonly { readonly positions: Uint32Array }[]) =>
  plans.map((plan) => [...plan.positions].sort((a, b) => a - b));

it.each([1, 7])('the plans of seed %d are those that generate carries out', async (seed) => {
  const start = emptyGrid(shape);
  start.known.fill(1, 0, 3);
  const input = { classLabel: 0 };
  const images = [
    { seed, input },
    { seed, input, start },
  ];
  const [whole, edit] = await generateImages({ model: fakeModel({ shape }), images, policy });
  expect(positions(plansOf(policy, shape, { seed }))).toEqual(
    positions(whole!.steps.map(({ plan }) => plan)),
  );
  expect(positions(plansOf(policy, shape, { seed, known: [0, 1, 2] }))).toEqual(
    positions(edit!.steps.map(({ plan }) => plan)),
  );
});
