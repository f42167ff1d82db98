import { describe, expect, it } from 'vitest';
import { generateImages } from './generate.js';
import { emptyGrid } from './grid.js';
import { leastLikelyCorrector } from './least-likely-corrector.js';
import { planImage } from './plan-image.js';
import { randomOrder } from './policies/random-order.js';
import { refine } from './refinement.js';
import { samplingWork } from './sampling-work.js';
import { describePolicy } from './testing/describe-policy.js';
import { fakeModel } from './testing/fake-model.js';

const shape = { height: 6, width: 6, channels: 3 };
const policy = randomOrder({ steps: 6, diffusionSteps: 5 });
const request = (imageIndex: number) => ({ seed: 1, imageIndex, input: { classLabel: 1 } });

describePolicy('a corrected policy', () =>
  leastLikelyCorrector({ share: 0.2, rounds: 2, diffusionSteps: 3 })(
    randomOrder({ steps: 5, diffusionSteps: 3 }),
  ),
);

describe('leastLikelyCorrector', () => {
  const corrector = leastLikelyCorrector({
    share: 0.25,
    rounds: 2,
    diffusionSteps: 3,
    parts: 3,
    evaluations: 2,
  });

  it('masks a share of the tokens after the last step, and draws it anew; as often as there are rounds', async () => {
    const model = fakeModel({ shape });
    const [image] = await generateImages({ model, requests: [request(0)], policy, corrector });
    const steps = image!.steps.map(({ plan }) => [
      plan.stage,
      plan.positions.length,
      plan.remasked?.length ?? 0,
    ]);
    expect(steps.slice(5)).toEqual([
      [expect.not.stringContaining('correction'), expect.any(Number), 9],
      ['correction', 9, 9],
      ['correction', 9, 0],
    ]);
    for (const [i, { plan }] of image!.steps.slice(6).entries())
      expect(plan.positions).toEqual(image!.steps[5 + i]!.plan.remasked);
    expect(image!.grid.known.every((known) => known === 1)).toBe(true);
  });

  it('leaves all other tokens as they are without it', async () => {
    const [plain, corrected] = await Promise.all(
      [undefined, corrector].map(async (each) => {
        const model = fakeModel({ shape });
        const [image] = await generateImages({
          model,
          requests: [request(3)],
          policy,
          ...(each ? { corrector: each } : {}),
        });
        return image!;
      }),
    );
    const redrawn = new Set(corrected!.steps.flatMap(({ plan }) => [...(plan.remasked ?? [])]));
    for (let i = 0; i < plain!.grid.tokens.length; i++) {
      const same = plain!.grid.tokens[i] === corrected!.grid.tokens[i];
      expect(same).toBe(!redrawn.has(Math.floor(i / shape.channels)));
    }
  });

  it('chooses the tokens that lie furthest from what the model expects', async () => {
    const model = fakeModel({ shape });
    const spoilt = new Set([3, 8, 14, 20, 31]);
    // A token is spoilt as it is drawn.
    const spoiling = {
      ...model,
      async sampleTokens(asked: Parameters<typeof model.sampleTokens>[0]) {
        const tokens = await model.sampleTokens(asked);
        for (const [i, { positions }] of asked.batch.entries()) {
          for (const [row, position] of positions.entries())
            if (spoilt.has(position)) tokens[i]!.fill(5, row * shape.channels, (row + 1) * shape.channels);
        }
        return tokens;
      },
    };
    const byIndex = randomOrder({ steps: 36, diffusionSteps: 2, permutation: () => [...Array(36).keys()] });
    const one = leastLikelyCorrector({ share: 5 / 36, rounds: 1, diffusionSteps: 2, evaluations: 3 });
    const [image] = await generateImages({
      model: spoiling,
      requests: [request(0)],
      policy: byIndex,
      corrector: one,
    });
    expect([...image!.steps.at(-2)!.plan.remasked!]).toEqual([...spoilt]);
  });

  it('draws a token from other noise than the first time', async () => {
    const drawn: Float32Array[][] = [];
    const model = fakeModel({ shape });
    const watched = {
      ...model,
      async sampleTokens(asked: Parameters<typeof model.sampleTokens>[0]) {
        drawn.push(
          asked.batch.map(({ noise, positions }) => noise.tokenNormal(positions[0]!, 0, new Float32Array(4))),
        );
        return model.sampleTokens(asked);
      },
    };
    const whole = leastLikelyCorrector({ share: 1, rounds: 2, diffusionSteps: 3 });
    const twoSteps = randomOrder({
      steps: 2,
      diffusionSteps: 3,
      permutation: () => [...Array(36).keys()].reverse(),
    });
    await generateImages({ model: watched, requests: [request(0)], policy: twoSteps, corrector: whole });
    // Position 0 comes first in the first step, in the first round and in the second.
    const [first, , second, third] = drawn.map(([noise]) => noise!.join());
    expect(new Set([first, second, third]).size).toBe(3);
  });

  it('keeps what was given, and counts its share of the rest', async () => {
    const start = emptyGrid(shape);
    start.known.fill(1, 0, 16);
    const [image] = await generateImages({
      model: fakeModel({ shape }),
      requests: [{ ...request(0), start }],
      policy,
      corrector,
    });
    const remasked = image!.steps.flatMap(({ plan }) => [...(plan.remasked ?? [])]);
    expect(remasked).toHaveLength(10);
    expect(remasked.every((position) => position >= 16)).toBe(true);
    expect(image!.grid.tokens.subarray(0, 48)).toEqual(start.tokens.subarray(0, 48));
  });

  it('does not depend on the batch', async () => {
    const draw = async (indices: number[]) =>
      generateImages({ model: fakeModel({ shape }), requests: indices.map(request), policy, corrector });
    const [alone] = await draw([2]);
    expect((await draw([0, 1, 2]))[2]!.grid.tokens).toEqual(alone!.grid.tokens);
  });

  it('counts the passes and evaluations that judge', async () => {
    const model = fakeModel({ shape });
    const [image] = await generateImages({ model, requests: [request(0)], policy, corrector, guidance: 2 });
    const { conditionRows, headEvaluations } = samplingWork(image!.steps.map(({ work }) => ({ work })));
    expect({ conditionRows, headEvaluations }).toEqual({
      conditionRows: model.calls.conditionRows,
      headEvaluations: model.calls.headEvaluations,
    });
    // 8 guided steps, and 3 parts in 2 rounds.
    expect(samplingWork(image!.steps).passes).toBe(2 * 8 + 3 * 2);
  });

  it('leaves a policy of one step alone, which has nothing that could be drawn again', async () => {
    const [image] = await generateImages({
      model: fakeModel({ shape }),
      requests: [request(0)],
      policy: randomOrder({ steps: 1, diffusionSteps: 3 }),
      corrector,
    });
    expect(image!.steps).toHaveLength(1);
  });

  it('says how many steps there are in all, from the start on', async () => {
    const steps: (number | undefined)[] = [];
    const onProgress = ({ steps: inAll }: { readonly steps?: number }) => steps.push(inAll);
    const model = fakeModel({ shape });
    await generateImages({ model, requests: [request(0)], policy, corrector, onProgress });
    expect(new Set(steps)).toEqual(new Set([8]));
    expect(planImage(corrector(policy), shape)).toHaveLength(8);
  });

  it('has a model without evaluateHead say what it lacks', async () => {
    const { evaluateHead: _, ...model } = fakeModel({ shape });
    const drawn = generateImages({ model, requests: [request(0)], policy, corrector });
    await expect(drawn).rejects.toMatchObject({ code: 'head-not-evaluable' });
  });

  it('lets refinements of the policy that drop tokens have their way', async () => {
    const dropping = refine(policy, (plan) => ({
      ...plan,
      positions: plan.positions.slice(0, Math.max(1, plan.positions.length - 1)),
      diffusionSteps: plan.diffusionSteps.slice(0, Math.max(1, plan.positions.length - 1)),
    }));
    const [image] = await generateImages({
      model: fakeModel({ shape }),
      requests: [request(0)],
      policy: dropping,
      corrector,
    });
    expect(image!.grid.known.every((known) => known === 1)).toBe(true);
  });

  it.each([
    ['share', 1.5],
    ['rounds', 0],
    ['diffusionSteps', 0],
    ['parts', 0],
    ['evaluations', 0.5],
  ])('refuses %s %d', (option, value) => {
    expect(() => leastLikelyCorrector({ [option]: value })).toThrow(option);
  });

  it('refuses a corrector that is none', async () => {
    const drawn = generateImages({
      model: fakeModel({ shape }),
      requests: [request(0)],
      corrector: 0.1 as never,
    });
    await expect(drawn).rejects.toMatchObject({ option: 'corrector' });
  });
});
