import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ddimSampler } from './ddim-sampler.js';
import { type DiffusionProcess, marDiffusion } from './diffusion-process.js';
import type { CoefficientsSampler } from './diffusion-sampler.js';
import { eulerSampler } from './euler-sampler.js';
import { heunSampler } from './heun-sampler.js';
import { linearNoiseSchedule } from './noise-schedule.js';
import { runCoefficients } from './run-coefficients.js';
import { solverLevels } from './solver-levels.js';

const flow: DiffusionProcess = { prediction: 'velocity', trainSteps: 1000 };
const linear: DiffusionProcess = { prediction: 'epsilon', schedule: linearNoiseSchedule() };

/** A head that bends: its output depends on x and on the timestep. */
const head = (x: number, timestep: number) => Math.sin(2 * x + timestep / 300) + 0.3 * x;

async function run(sampler: CoefficientsSampler, count: number, diffusion: DiffusionProcess, start: number) {
  const coefficients = sampler(count, diffusion);
  const { prediction } = diffusion;
  const [token] = await runCoefficients({
    coefficients,
    prediction,
    count: 1,
    channels: 1,
    noise: (_, out) => out.fill(start),
    guidanceScale: new Float32Array(1),
    temperature: 1,
    evaluate: async (x, index) => {
      const output = head(x[0]!, coefficients.steps[index]!.timestep);
      return Float32Array.from(prediction === 'epsilon' ? [output, 0] : [output]);
    },
  });
  return token!;
}

const starts = fc.double({ min: -2, max: 2, noNaN: true });
const counts = fc.integer({ min: 2, max: 12 });

test('Euler’s step of a flow is x ← x + (σ′ − σ)·v', async () => {
  await fc.assert(
    fc.asyncProperty(counts, starts, async (count, start) => {
      const { levels, end } = solverLevels(count, flow);
      let x = start;
      for (const [i, { sigma, timestep }] of levels.entries())
        x += ((levels[i + 1] ?? end).sigma - sigma) * head(x, timestep);
      expect(await run(eulerSampler(), count, flow, start)).toBeCloseTo(x, 4);
    }),
  );
});

test.each([
  ['a flow', flow, {}],
  // From timestep 999 few steps magnify what float32 rounds off by the square of σ, which is 97 there.
  ['ε on the linear schedule', linear, { maxTimestep: 600 }],
])(
  'Heun’s step of %s is the trapezoid of two evaluations, as the textbook has it',
  async (_, diffusion, options) => {
    await fc.assert(
      fc.asyncProperty(counts, starts, async (count, start) => {
        const { levels, end } = solverLevels(count, diffusion, options);
        let y = start / levels[0]!.scale;
        for (const [i, { scale, sigma, timestep }] of levels.entries()) {
          const next = levels[i + 1];
          const step = (next ?? end).sigma - sigma;
          const slope = head(scale * y, timestep);
          const ahead = next ? head(next.scale * (y + step * slope), next.timestep) : slope;
          y += (step * (slope + ahead)) / 2;
        }
        const tokens = await run(heunSampler(options), count, diffusion, start);
        // Rounding of x0, which the step to the last, small σ magnifies: at most 3.4e-4 of 60,000, with two steps.
        expect(Math.abs(tokens - y)).toBeLessThan(1e-3 * Math.max(1, Math.abs(y)));
      }),
    );
  },
);

test('n steps of Heun’s take 2n − 1 evaluations and one earlier x0, and draw no noise', () => {
  const { steps, temperedStart } = heunSampler()(7, flow);
  expect(steps).toHaveLength(13);
  expect(steps.map(({ update }) => update.previousXStarts.length)).toEqual([
    0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0,
  ]);
  expect(steps.every(({ noise }) => noise.kind === 'none')).toBe(true);
  expect(temperedStart).toBe(true);
});

test('Euler’s method on ε is DDIM without noise', () => {
  const [euler, ddim] = [eulerSampler()(20, marDiffusion()), ddimSampler()(20)];
  for (const [i, { timestep, update, xStart }] of euler.steps.entries()) {
    const expected = ddim.steps[i]!;
    expect(timestep).toBe(expected.timestep);
    expect(update.x).toBeCloseTo(expected.update.x, 6);
    expect(update.xStart).toBeCloseTo(expected.update.xStart, 6);
    expect(xStart.x / expected.xStart.x).toBeCloseTo(1, 6);
  }
});

test('coefficients are made once for a model', () => {
  const sampler = heunSampler();
  expect(sampler(5, flow)).toBe(sampler('5', flow));
  expect(sampler(5, flow)).not.toBe(sampler(5, linear));
});
