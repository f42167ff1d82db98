import { expect, test } from 'vitest';
import { InvalidOptionError } from '../errors.js';
import { type DiffusionProcess, marDiffusion } from './diffusion-process.js';
import { betaNoiseSchedule, linearNoiseSchedule } from './noise-schedule.js';
import { solverLevels } from './solver-levels.js';

const flow: DiffusionProcess = { prediction: 'velocity', trainSteps: 1000 };

// Of diffusers' FlowMatchEulerDiscreteScheduler, 1000 training steps, shift 1, n + 1 steps of which the last is dropped.
test.each([
  [1, [1000], [1, 0]],
  [3, [1000, 667, 334], [1, 0.6669999957084656, 0.33399999141693115, 0.0010000000474974513]],
  [6, [1000, 833.5, 667, 500.5000305175781, 334, 167.5], undefined],
])(
  '%i steps that end at σ = 0.001 have the timesteps of diffusers’ scheduler',
  (count, timesteps, sigmas) => {
    const { levels, end } = solverLevels(count, { ...flow, finalSigma: 0.001 });
    expect(levels.map(({ timestep }) => timestep)).toEqual(timesteps);
    if (sigmas) expect([...levels.map(({ sigma }) => sigma), end.sigma]).toEqual(sigmas);
  },
);

test('a run whose count is among wholeTimesteps rounds its timesteps down, and no σ', () => {
  const process = { ...flow, finalSigma: Math.fround(0.001) };
  const whole = solverLevels(2, { ...process, wholeTimesteps: [2] });
  expect(whole.levels.map(({ timestep }) => timestep)).toEqual([1000, 500]);
  expect(whole.levels.map(({ sigma }) => sigma)).toEqual([1, Math.fround(0.5005)]);
  expect(whole.end.sigma).toBe(Math.fround(0.001));
  const other = solverLevels(6, { ...process, wholeTimesteps: [2] });
  expect(other).toEqual(solverLevels(6, process));
});

test('a flow ends at σ = 0 unless its process says otherwise', () => {
  expect(solverLevels(4, flow).levels.map(({ sigma }) => sigma)).toEqual([1, 0.75, 0.5, 0.25]);
  expect(solverLevels(4, flow).end).toEqual({ scale: 1, sigma: 0 });
});

test('x and ε of each level give x0 back, on any noise schedule', () => {
  for (const schedule of [linearNoiseSchedule(), betaNoiseSchedule([0.01, 0.1, 0.3, 0.4, 0.5])]) {
    const { levels } = solverLevels(4, { prediction: 'epsilon', schedule });
    expect(levels).toHaveLength(4);
    for (const { timestep, scale, sigma, xStart } of levels) {
      const alpha = schedule.alphasCumprod[timestep]!;
      expect(scale).toBeCloseTo(Math.sqrt(alpha), 12);
      expect(sigma).toBeCloseTo(Math.sqrt((1 - alpha) / alpha), 12);
      const [x0, epsilon] = [0.7, -1.2];
      const x = Math.sqrt(alpha) * x0 + Math.sqrt(1 - alpha) * epsilon;
      expect(xStart.x * x - xStart.output * epsilon).toBeCloseTo(x0, 4);
    }
  }
});

test('levels for ε begin at 95 % of the training timesteps unless told otherwise', () => {
  expect(solverLevels(20, marDiffusion()).levels[0]!.timestep).toBe(950);
  expect(solverLevels(20, marDiffusion(), { maxTimestep: 999 }).levels[0]!.timestep).toBe(999);
  const schedule = linearNoiseSchedule({ trainSteps: 200 });
  expect(solverLevels(20, { prediction: 'epsilon', schedule }).levels[0]!.timestep).toBe(190);
});

test.each([0, 1001, 2.5, '30,20', 'ddim50'])('a flow of %s steps is refused', (respacing) => {
  expect(() => solverLevels(respacing, flow)).toThrow(InvalidOptionError);
});

test('a flow refuses a largest timestep, since it starts from noise alone', () => {
  expect(() => solverLevels(4, flow, { maxTimestep: 950 })).toThrow(InvalidOptionError);
});
