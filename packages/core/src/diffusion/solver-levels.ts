import { assertInteger, InvalidOptionError } from '../errors.js';
import { type DiffusionProcess, type NoiseLevel, noiseLevel } from './diffusion-process.js';
import { respacedSchedule } from './respaced-schedule.js';
import type { DiffusionStep } from './sampler-coefficients.js';

/** A noise level at which a solver evaluates the head. */
export interface SolverLevel extends NoiseLevel, Pick<DiffusionStep, 'timestep' | 'xStart'> {}

/**
 * The noise levels of an ODE solver's steps, noisiest first, and the level at which it ends.
 *
 * - ε: the timesteps of {@link respacedSchedule}, then σ = 0
 * - velocity: σ evenly spread from 1 to the process's `finalSigma`, float32, as diffusers' FlowMatchEulerDiscreteScheduler
 *   has them; a run of one step ends at 0
 *
 * @param options.maxTimestep as in {@link respacedSchedule}, of ε alone. @default 95 % of the training timesteps
 * @throws InvalidOptionError where the respacing or `maxTimestep` is not possible for the process
 *
 * @example
 * ```ts
 * const { levels, end } = solverLevels(6, { prediction: 'velocity', trainSteps: 1000 });
 * console.log(levels.map((level) => level.timestep)); // 1000, 833.33…, 666.66…, 500, 333.33…, 166.66…
 * console.log(end.sigma); // 0
 * ```
 */
export function solverLevels(
  respacing: number | string,
  diffusion: DiffusionProcess,
  options: { readonly maxTimestep?: number | undefined } = {},
): { readonly levels: readonly SolverLevel[]; readonly end: NoiseLevel } {
  const { fround } = Math;
  if (diffusion.prediction === 'epsilon') {
    const { schedule } = diffusion;
    const { maxTimestep = Math.floor(0.95 * schedule.betas.length) } = options;
    const { timesteps } = respacedSchedule(respacing, { schedule, maxTimestep });
    const levels = timesteps.map((timestep) => {
      const level = noiseLevel(timestep, diffusion);
      return { ...level, timestep, xStart: { x: fround(1 / level.scale), output: fround(level.sigma) } };
    });
    return { levels: levels.reverse(), end: { scale: 1, sigma: 0 } };
  }
  if (options.maxTimestep !== undefined)
    throw new InvalidOptionError('maxTimestep', options.maxTimestep, 'is for models that predict epsilon');
  const { trainSteps } = diffusion;
  const count = Number(respacing === '' ? trainSteps : respacing);
  assertInteger('respacing', count, 1, trainSteps);
  const finalSigma = count === 1 ? 0 : (diffusion.finalSigma ?? 0);
  const { wholeTimesteps = [] } = diffusion;
  const isWhole = wholeTimesteps === 'all' || wholeTimesteps.includes(count);
  const levels = Array.from({ length: count }, (_, i) => {
    const sigma = fround(1 + (i * (finalSigma - 1)) / count);
    const timestep = fround(sigma * trainSteps);
    return {
      scale: 1,
      sigma,
      timestep: isWhole ? Math.floor(timestep) : timestep,
      xStart: { x: 1, output: sigma },
    };
  });
  return { levels, end: { scale: 1, sigma: fround(finalSigma) } };
}
