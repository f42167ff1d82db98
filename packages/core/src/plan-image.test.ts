import { expect, it } from 'vitest';
import { generateImages } from './generate.js';
import { emptyGrid } from './grid.js';
import { planImage } from './plan-image.js';
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
    { seed, imageIndex: index, input },
    { seed, imageIndex: index, input, start },
  ];
  const [whole, edit] = await generateImages({ model: fakeModel({ shape }), requests: images, policy });
  expect(positions(planImage(policy, shape, { seed, imageIndex: index }))).toEqual(
    positions(whole!.steps.map(({ plan }) => plan)),
  );
  expect(positions(planImage(policy, shape, { seed, imageIndex: index, known: start.known }))).toEqual(
    positions(edit!.steps.map(({ plan }) => plan)),
  );
});

it('takes a mask of the whole grid alone, and indices that there are', () => {
  expect(() => planImage(policy, shape, { known: Uint8Array.of(0, 1, 2) })).toThrow(
    expect.objectContaining({ code: 'shape-mismatch', expected: [16], actual: [3] }),
  );
  expect(() => planImage(policy, shape, { imageIndex: -1 })).toThrow('imageIndex = -1');
});

it('says so of a policy whose step returns nothing', () => {
  const wrong = { name: 'wrong', init: () => 0, step: () => undefined as never };
  expect(() => planImage(wrong, shape)).toThrow('Policy "wrong", step 0: step must return [plan, state].');
});
