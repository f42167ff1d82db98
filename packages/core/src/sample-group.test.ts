import { describe, expect, it } from 'vitest';
import { ancestralSampler } from './diffusion/ancestral-sampler.js';
import { ddimSampler } from './diffusion/ddim-sampler.js';
import type { DiffusionProcess } from './diffusion/diffusion-process.js';
import { eulerSampler } from './diffusion/euler-sampler.js';
import { functionSampler } from './diffusion/function-sampler.js';
import { heunSampler } from './diffusion/heun-sampler.js';
import { linearNoiseSchedule } from './diffusion/noise-schedule.js';
import { solverLevels } from './diffusion/solver-levels.js';
import { generateImages } from './generate.js';
import type { GenerateOptions } from './generation.js';
import type { TokenGuidance } from './guidance.js';
import type { ClassInput } from './model.js';
import { randomOrder } from './policies/random-order.js';
import { refine } from './refinement.js';
import { fakeModel } from './testing/fake-model.js';
import { largestDifference } from './testing/model-fixtures.js';

const shape = { height: 4, width: 4, channels: 3 };
const policy = randomOrder({ steps: 3, diffusionSteps: 6 });
const flow: DiffusionProcess = { prediction: 'velocity', trainSteps: 1000 };
const linear: DiffusionProcess = { prediction: 'epsilon', schedule: linearNoiseSchedule() };
const request = (seed: number) => ({ seed, input: { classLabel: 2 } });

async function tokensOf(options: Partial<GenerateOptions<ClassInput>>, diffusion?: DiffusionProcess) {
  const model = fakeModel({ shape, ...(diffusion ? { diffusion } : {}) });
  const requests = [request(1), request(2)];
  const results = await generateImages({ model, policy, requests, ...options });
  return { tokens: results.map(({ grid }) => grid.tokens), results, calls: model.calls };
}

const difference = (a: readonly Float32Array[], b: readonly Float32Array[]) =>
  Math.max(...a.map((tokens, i) => largestDifference(tokens, b[i]!)));

/** Euler's method, as a function. */
const eulerFunction = functionSampler('euler', async (x, evaluate, { diffusion, diffusionSteps }) => {
  const { levels, end } = solverLevels(diffusionSteps, diffusion);
  for (const [i, level] of levels.entries()) {
    const { output } = await evaluate(x, level.timestep);
    const next = levels[i + 1] ?? end;
    x = x.map((value, k) => next.scale * (value / level.scale + (next.sigma - level.sigma) * output[k]!));
  }
  return x;
});

describe('a model that predicts velocity', () => {
  it('is sampled by Euler’s method unless told otherwise, and by Heun’s, near to where its head leads', async () => {
    const { tokens, calls } = await tokensOf({ guidance: 2 }, flow);
    expect(tokens).toEqual((await tokensOf({ guidance: 2, sampler: eulerSampler() }, flow)).tokens);
    // 2 images × 16 tokens × 6 evaluations × 2 halves.
    expect(calls.headEvaluations).toBe(2 * 16 * 6 * 2);
    const heun = await tokensOf({ guidance: 2, sampler: heunSampler() }, flow);
    expect(heun.calls.headEvaluations).toBe(2 * 16 * 11 * 2);
    expect(difference(heun.tokens, tokens)).toBeLessThan(0.2);
    expect(difference(heun.tokens, tokens)).toBeGreaterThan(0);
  });

  it.each([
    ['ancestralSampler()', ancestralSampler()],
    ['ddimSampler()', ddimSampler()],
  ])('refuses %s with an error that names samplers which fit', async (name, sampler) => {
    const failure = await tokensOf({ sampler }, flow).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'unsupported-prediction', prediction: 'velocity' });
    expect(String(failure)).toContain(name);
    expect(String(failure)).toContain('eulerSampler()');
  });
});

describe('a model’s own noise schedule', () => {
  it('is what its samplers work on', async () => {
    const [cosine, own] = [await tokensOf({}), await tokensOf({}, linear)];
    expect(difference(cosine.tokens, own.tokens)).toBeGreaterThan(0.01);
    for (const tokens of own.tokens) expect(Math.max(...tokens.map(Math.abs))).toBeLessThan(1.2);
  });
});

describe('a sampler that is a function', () => {
  it.each([
    ['ε', linear],
    ['velocity', flow],
  ])('gives what the same coefficients give, guided, on %s', async (_, diffusion) => {
    const options = { guidance: 1.5 };
    const { tokens, results, calls } = await tokensOf({ ...options, sampler: eulerFunction }, diffusion);
    const expected = await tokensOf({ ...options, sampler: eulerSampler() }, diffusion);
    expect(difference(tokens, expected.tokens)).toBeLessThan(1e-4);
    expect(calls.evaluateHead).toBe(2 * 3 * 6);
    const works = [results, expected.results].map((each) =>
      each.map(({ steps }) => steps.map(({ work }) => work)),
    );
    expect(works[0]).toEqual(works[1]);
  });

  it('makes an image the same alone and in a batch', async () => {
    const { tokens } = await tokensOf({ sampler: eulerFunction });
    const alone = await tokensOf({ sampler: eulerFunction, requests: [request(2)] });
    expect(alone.tokens[0]).toEqual(tokens[1]);
  });

  it('gets x0 within the clamp, and the output that leads there', async () => {
    const found: number[] = [];
    const sampler = functionSampler('look', async (x, evaluate) => {
      const { scale, sigma, xStart, output, variance } = await evaluate(x, 500);
      for (const [i, value] of xStart.entries()) {
        found.push(Math.abs(value));
        expect(scale * (value + sigma * output[i]!)).toBeCloseTo(x[i]!, 4);
      }
      expect(variance).toEqual(new Float32Array(x.length));
      return xStart;
    });
    await tokensOf({ sampler, clamp: 0.25 });
    expect(Math.max(...found)).toBe(0.25);
  });

  it('draws each step’s noise by token, so that it stays what it is in another order', async () => {
    const sampler = functionSampler('noise', (_, __, { noise }) => noise(3));
    const { tokens } = await tokensOf({ sampler });
    const other = await tokensOf({ sampler, policy: randomOrder({ steps: 5, diffusionSteps: 2 }) });
    expect(other.tokens).toEqual(tokens);
    await expect(
      tokensOf({ sampler: functionSampler('start', (_, __, { noise }) => noise(0)) }),
    ).rejects.toMatchObject({ code: 'invalid-option', option: 'step' });
  });

  it('is stopped between two evaluations', async () => {
    const controller = new AbortController();
    let evaluations = 0;
    const endless = functionSampler('endless', async (x, evaluate) => {
      for (;;) {
        await evaluate(x, 500);
        if (++evaluations === 4) controller.abort(new Error('enough'));
      }
    });
    await expect(tokensOf({ sampler: endless, signal: controller.signal })).rejects.toThrow('enough');
    expect(evaluations).toBe(4);
  });

  it.each([
    ['returns too few tokens', (x: Float32Array) => x.slice(1), { code: 'shape-mismatch' }],
    ['returns NaN', (x: Float32Array) => x.fill(Number.NaN), { code: 'non-finite' }],
  ])('fails with a typed error if it %s', async (_, run, error) => {
    await expect(tokensOf({ sampler: functionSampler('wrong', run) })).rejects.toMatchObject(error);
  });

  it('fails with a typed error at a timestep that its model does not have, before the head runs', async () => {
    const model = fakeModel({ shape });
    const sampler = functionSampler('wrong', async (x, evaluate) => (await evaluate(x, 1000)).xStart);
    await expect(generateImages({ model, policy, requests: [request(1)], sampler })).rejects.toMatchObject({
      code: 'invalid-option',
      option: 'timestep',
    });
    expect(model.calls.evaluateHead).toBe(0);
  });

  it('is refused by a model without evaluateHead', async () => {
    const { evaluateHead: _, ...model } = fakeModel({ shape });
    await expect(
      generateImages({ model, policy, requests: [request(1)], sampler: eulerFunction }),
    ).rejects.toMatchObject({ code: 'head-not-evaluable', message: expect.stringContaining('euler') });
  });
});

describe('guidance by token', () => {
  const guidance = (scale: TokenGuidance) => ({ guidance: () => scale });

  it('of the same scale everywhere gives the tokens of that scale, by coefficients and by a function', async () => {
    for (const sampler of [ddimSampler(), heunSampler(), eulerFunction]) {
      const { tokens, results } = await tokensOf({ sampler, ...guidance(() => 2) });
      expect(tokens).toEqual((await tokensOf({ sampler, guidance: 2 })).tokens);
      expect(results[0]!.steps.every(({ guidanceScale }) => guidanceScale === 2)).toBe(true);
    }
  });

  it('makes no unconditional pass in a step at which every scale is 1', async () => {
    const { calls } = await tokensOf(guidance(() => 1));
    expect(calls.conditionRows).toBe(2 * 16);
    // DDIM’s six timesteps are 950 and less.
    const above = await tokensOf({
      sampler: ddimSampler(),
      ...guidance(({ timestep }) => (timestep > 960 ? 3 : 1)),
    });
    expect(above.calls.conditionRows).toBe(2 * 16);
  });

  it('changes the tokens at its positions alone', async () => {
    const at = new Set([3, 7]);
    const one = { policy: randomOrder({ steps: 1, diffusionSteps: 6 }) };
    const { tokens } = await tokensOf({ ...one, ...guidance(({ position }) => (at.has(position) ? 3 : 1)) });
    const [none, all] = [await tokensOf({ ...one, guidance: 1 }), await tokensOf({ ...one, guidance: 3 })];
    for (const [k, image] of tokens.entries()) {
      for (const [i, value] of image.entries()) {
        const expected = at.has(Math.floor(i / 3)) ? all : none;
        expect(value).toBeCloseTo(expected.tokens[k]![i]!, 5);
      }
    }
  });

  it('depends on the timestep', async () => {
    const late = await tokensOf(guidance(({ timestep }) => (timestep < 300 ? 3 : 1)));
    const early = await tokensOf(guidance(({ timestep }) => (timestep < 300 ? 1 : 3)));
    expect(difference(late.tokens, early.tokens)).toBeGreaterThan(0.01);
  });

  it('holds for step counts that a refinement chooses, though the planned ones meet no other scale than 1', async () => {
    const refined = refine(randomOrder({ steps: 2, diffusionSteps: 2 }), (plan) => ({
      ...plan,
      diffusionSteps: plan.diffusionSteps.map(() => 9),
    }));
    const middle: TokenGuidance = ({ timestep }) => (timestep > 300 && timestep < 700 ? 3 : 1);
    const { calls } = await tokensOf({ policy: refined, ...guidance(middle) });
    expect(calls.conditionRows).toBe(2 * 2 * 16);
  });

  it('fails with a typed error at a scale that is no number ≥ 0', async () => {
    await expect(tokensOf(guidance(() => Number.NaN))).rejects.toMatchObject({ code: 'invalid-option' });
    await expect(tokensOf(guidance(() => -1))).rejects.toMatchObject({ code: 'invalid-option' });
  });
});
