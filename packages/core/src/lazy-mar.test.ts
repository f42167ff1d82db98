import { describe, expect, it } from 'vitest';
import { generateImages } from './generate.js';
import { type LazyMarOptions, lazyMar } from './lazy-mar.js';
import { randomOrder } from './policies/random-order.js';
import { headEffort } from './reuse.js';
import { samplingWork } from './sampling-work.js';
import { fakeModel } from './testing/fake-model.js';

const shape = { height: 8, width: 8, channels: 2 };

function stepAt(
  step: number,
  steps: number | undefined = 64,
  stages = ['generation', 'generation'] as const,
) {
  const [previousStage, stage] = stages;
  return { step, steps, stage, previousStage, total: 64, maskedBefore: 64 - step, maskedAfter: 63 - step };
}

const refreshes = (options: LazyMarOptions, steps = 64): number[] => {
  const reuse = lazyMar(options);
  return Array.from({ length: steps }, (_, step) => step).filter((step) => reuse(stepAt(step)).refresh);
};

describe('LazyMAR', () => {
  it('computes everything at steps 0 to 5 and each ninth from there, whatever the number of steps', () => {
    expect(refreshes({})).toEqual([0, 1, 2, 3, 4, 5, 14, 23, 32, 41, 50, 59]);
    expect(refreshes({}, 16)).toEqual([0, 1, 2, 3, 4, 5, 14]);
  });

  it('computes everything at each n-th step, or where a stage begins', () => {
    expect(refreshes({ refresh: 5 }, 16)).toEqual([0, 5, 10, 15]);
    expect(lazyMar({ refresh: 'stages' })(stepAt(7)).refresh).toBe(false);
    const [first, second] = ['generation', 'reconstruction'] as const;
    const boundary = { ...stepAt(7), previousStage: first, stage: second };
    expect(lazyMar({ refresh: 'stages' })(boundary).refresh).toBe(true);
  });

  it('stretches its table of rows over as many steps as there are, or goes by MAR’s pace', () => {
    const share = (step: number, steps?: number) =>
      lazyMar({ keptShare: 'progress' })({ ...stepAt(step), steps }).tokens?.keptShare;
    expect([9, 10, 31].map((step) => share(step, 32))).toEqual([1, 0.6, 0.05]);
    // With 64 − 40 of 64 tokens masked, MAR is at 0.76 of its steps.
    expect(share(40)).toBe(0.05);
  });

  it('runs 16 of 100, 8 of 50 and 4 of 20 diffusion steps in full', () => {
    const efforts = (steps: number) =>
      Array.from({ length: steps }, (_, index) => headEffort({ interval: 7, warmUp: 0.9 }, index, steps));
    const full = (steps: number) => efforts(steps).filter((effort) => effort === 'full').length;
    expect([100, 50, 20].map(full)).toEqual([16, 8, 4]);
    expect(efforts(100).flatMap((effort, index) => (effort === 'outer' ? [99 - index] : []))).toEqual([
      97, 96, 95, 94, 93, 92,
    ]);
    expect(efforts(20)).not.toContain('outer');
  });

  it.each([
    [{ refresh: 0 }, 'refresh.interval'],
    [{ keptShare: 2 }, 'keptShare'],
    [{ parts: ['heads'] }, 'parts'],
    [{ refresh: 'never' }, 'refresh'],
  ])('refuses %j', (options, option) => {
    expect(() => lazyMar(options as unknown as LazyMarOptions)).toThrow(
      expect.objectContaining({ code: 'invalid-option', option }),
    );
  });
});

describe('a run that reuses', () => {
  const requests = [1, 2].map((classLabel) => ({ seed: 3, imageIndex: classLabel, input: { classLabel } }));
  const policy = randomOrder({ steps: 8, diffusionSteps: 20 });
  const draw = async (options: LazyMarOptions | undefined, guidance = 3) => {
    const model = fakeModel({ shape });
    const reuse = options ? { reuse: lazyMar(options) } : {};
    const results = await generateImages({ model, requests, policy, guidance, ...reuse });
    return { model, results };
  };

  it('draws what one that reuses nothing draws where every step refreshes', async () => {
    const [lazy, plain] = [await draw({ refresh: 1 }), await draw(undefined)];
    expect(lazy.results.map(({ grid }) => grid)).toEqual(plain.results.map(({ grid }) => grid));
  });

  it('makes one pass at a guided step whose guidance is an earlier one’s', async () => {
    const { results } = await draw({ refresh: 4, parts: ['guidance'] });
    expect(results[0]!.steps.map(({ work }) => work.passes)).toEqual([2, 1, 1, 1, 2, 1, 1, 1]);
    expect(results[0]!.steps[0]!.work.conditionRows).toBe(2 * 64);
  });

  it('counts the rows of the head that it evaluates', async () => {
    const { model, results } = await draw({ refresh: 4, parts: ['head'] });
    const work = results.map(({ steps }) => samplingWork(steps));
    expect(work[0]!.headEvaluations).toBe(2 * 64 * 4);
    expect(model.calls.headEvaluations).toBe(work[0]!.headEvaluations + work[1]!.headEvaluations);
    expect(model.calls.conditionRows).toBe(work[0]!.conditionRows + work[1]!.conditionRows);
  });

  it('refreshes where guidance sets in, since no earlier step had any', async () => {
    const model = fakeModel({ shape });
    const guidance = ({ maskedBefore }: { maskedBefore: number }) => (maskedBefore < 40 ? 2 : 1);
    const reuse = lazyMar({ refresh: 64, parts: ['guidance'] });
    const [made] = await generateImages({ model, requests, policy, guidance, reuse });
    const refreshed = made!.steps.map((step) => step.reuse?.refresh);
    const guided = made!.steps.findIndex(({ guidanceScale }) => guidanceScale !== 1);
    expect(refreshed.flatMap((refresh, step) => (refresh ? [step] : []))).toEqual([0, guided]);
  });

  it('asks a model without caches for none, and says how to get them', async () => {
    const model = { ...fakeModel({ shape }), reuses: { guidance: true, tokens: false, head: false } };
    const drawn = generateImages({ model, requests, policy, reuse: lazyMar() });
    await expect(drawn).rejects.toMatchObject({
      code: 'reuse-unsupported',
      message: expect.stringContaining('--cached'),
    });
  });
});
