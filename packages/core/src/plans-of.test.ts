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

it.each([
  [1, 0],
  [7, 0],
  [7, 3],
])('the plans of seed %d, index %d are those that generate carries out', async (seed, index) => {
  const start = emptyGrid(shape);
  start.known.fill(1, 0, 3);
  const input = { classLabel: 0 };
  const images = [
    { seed, index, input },
    { seed, index, input, start },
  ];
  const [whole, edit] = await generateImages({ model: fakeModel({ shape }), images, policy });
  expect(positions(plansOf(policy, shape, { seed, index }))).toEqual(
    positions(whole!.steps.map(({ plan }) => plan)),
  );
  expect(positions(plansOf(policy, shape, { seed, index, known: start.known }))).toEqual(
    positions(edit!.steps.map(({ plan }) => plan)),
  );
});

it('takes a mask of the whole grid alone, and indices that there are', () => {
  expect(() => plansOf(policy, shape, { known: Uint8Array.of(0, 1, 2) })).toThrow(
    expect.objectContaining({ code: 'shape-mismatch', expected: [16], actual: [3] }),
  );
  expect(() => plansOf(policy, shape, { index: -1 })).toThrow('index = -1');
});

it('says so of a policy whose step returns nothing', () => {
  const wrong = { name: 'wrong', init: () => 0, step: () => undefined as never };
  expect(() => plansOf(wrong, shape)).toThrow('Policy "wrong", step 0: step must return [plan, state].');
});
