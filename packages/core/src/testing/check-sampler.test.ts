import { describe, expect, it } from 'vitest';
import { ancestralSampler } from '../diffusion/ancestral-sampler.js';
import { ddimSampler } from '../diffusion/ddim-sampler.js';
import type { DiffusionProcess } from '../diffusion/diffusion-process.js';
import type { CoefficientsSampler, DiffusionSampler } from '../diffusion/diffusion-sampler.js';
import { dpmSolverSampler } from '../diffusion/dpm-solver-sampler.js';
import { eulerSampler } from '../diffusion/euler-sampler.js';
import { functionSampler } from '../diffusion/function-sampler.js';
import { heunSampler } from '../diffusion/heun-sampler.js';
import { linearNoiseSchedule } from '../diffusion/noise-schedule.js';
import { solverLevels } from '../diffusion/solver-levels.js';
import { type CheckSamplerOptions, checkSampler } from './check-sampler.js';

const flow: DiffusionProcess = { prediction: 'velocity', trainSteps: 1000 };
const linear: DiffusionProcess = { prediction: 'epsilon', schedule: linearNoiseSchedule() };

describe('checkSampler', () => {
  it.each<[string, DiffusionSampler, number, CheckSamplerOptions]>([
    ['DDIM', ddimSampler(), 1, {}],
    ['DPM-Solver++ 1', dpmSolverSampler({ order: 1 }), 1, {}],
    ['DPM-Solver++ 2M', dpmSolverSampler(), 2, {}],
    ['DPM-Solver++ 2M on the linear schedule', dpmSolverSampler(), 2, { diffusion: linear }],
    ['Heun', heunSampler(), 2, {}],
    ['Heun on the linear schedule', heunSampler(), 2, { diffusion: linear }],
    ['Heun on a flow', heunSampler(), 2, { diffusion: flow }],
    ['Euler on a flow', eulerSampler(), 1, { diffusion: flow }],
    ['the ancestral chain', ancestralSampler(), 1, {}],
    ['SDE-DPM-Solver++ 1', dpmSolverSampler({ order: 1, stochastic: true }), 1, {}],
  ])('measures the order of %s', async (_, sampler, claimed, options) => {
    const { order, measurements, findings } = await checkSampler(sampler, { order: claimed, ...options });
    expect(findings).toEqual([]);
    expect(order).toBeGreaterThan(claimed - 0.3);
    expect(order).toBeLessThan(claimed + 0.4);
    for (const [i, { error }] of measurements.slice(1).entries())
      expect(error).toBeLessThan(measurements[i]!.error);
  });

  it('counts the evaluations of the head', async () => {
    const { measurements } = await checkSampler(heunSampler(), { diffusion: flow, diffusionSteps: [4, 8] });
    expect(measurements.map(({ evaluations }) => evaluations)).toEqual([7, 15]);
  });

  it('finds that a claimed order is not met, with the numbers', async () => {
    const { order, findings } = await checkSampler(ddimSampler(), { order: 2 });
    expect(findings).toHaveLength(1);
    expect(findings[0]!.rule).toBe('order');
    expect(findings[0]!.message).toContain(`The order is ${order!.toFixed(2)}, and 2 was claimed`);
  });

  it('has no order for a function whose work does not depend on the step count, and judges its outcome', async () => {
    const always = functionSampler('32 Euler steps', async (x, evaluate, { diffusion }) => {
      const { levels, end } = solverLevels(32, diffusion);
      for (const [i, { sigma, timestep }] of levels.entries()) {
        const { output } = await evaluate(x, timestep);
        x = x.map((value, k) => value + ((levels[i + 1] ?? end).sigma - sigma) * output[k]!);
      }
      return x;
    });
    const { order, findings } = await checkSampler(always, { diffusion: flow });
    expect([order, findings]).toEqual([undefined, []]);
  });

  /** A sampler's coefficients with one number changed. */
  const changed =
    (sampler: CoefficientsSampler, change: (index: number) => number): DiffusionSampler =>
    (count, diffusion) => {
      const { steps, ...rest } = sampler(count, diffusion);
      return {
        ...rest,
        steps: steps.map((step, i) => ({
          ...step,
          update: { ...step.update, xStart: step.update.xStart * change(i) },
        })),
      };
    };

  it('finds a wrong last step, which the order alone does not show', async () => {
    const wrong = changed(dpmSolverSampler(), (i) => (i === 63 ? 1.3 : 1));
    const { findings } = await checkSampler(wrong, { order: 2 });
    expect(findings.map(({ rule }) => rule)).toEqual(['outcome']);
  });

  const noisy = (
    draw: (noise: (step: number) => Float32Array, step: number, temperature: number) => Float32Array,
  ) =>
    functionSampler('noisy', async (x, evaluate, { noise, temperature }) => {
      await evaluate(x, 500);
      return x.map((value, i) => value + draw(noise, 1, temperature)[i]!);
    });

  it.each<[string, DiffusionSampler, RegExp]>([
    [
      'randomness of its own',
      noisy((_, __, ___) => Float32Array.from({ length: 4 }, Math.random)),
      /same noise differ/,
    ],
    [
      'noise that it draws twice',
      noisy((noise, step, temperature) => noise(step).map((z) => z * temperature)),
      /drawn twice/,
    ],
    ['noise that the temperature does not scale', noisy((noise, step) => noise(step)), /At temperature 0/],
  ])('finds %s', async (_, sampler, message) => {
    const { findings } = await checkSampler(sampler);
    expect(findings.filter(({ rule }) => rule === 'noise').map((each) => each.message)).toContainEqual(
      expect.stringMatching(message),
    );
  });

  it('reports what a sampler throws, and refuses options of its own that are out of range', async () => {
    const { findings, order } = await checkSampler(ancestralSampler(), { diffusion: flow });
    expect(order).toBeUndefined();
    expect(findings).toEqual([{ rule: 'throws', message: expect.stringContaining('velocity') }]);
    for (const diffusionSteps of [[], [8], [8, 8], [0, 8]])
      await expect(checkSampler(ddimSampler(), { diffusionSteps })).rejects.toMatchObject({
        code: 'invalid-option',
      });
    await expect(checkSampler(ddimSampler(), { order: -1 })).rejects.toMatchObject({ option: 'order' });
  });
});
