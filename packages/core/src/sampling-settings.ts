import type { CancellationSignal } from './cancellation.js';
import { assertClamp } from './clamp.js';
import { ancestralSampler } from './diffusion/ancestral-sampler.js';
import { type DiffusionProcess, marDiffusion } from './diffusion/diffusion-process.js';
import type { BoundSampler } from './diffusion/diffusion-sampler.js';
import { eulerSampler } from './diffusion/euler-sampler.js';
import { assertNumber, InvalidOptionError } from './errors.js';
import type { GenerateOptions } from './generation.js';
import { gridLength } from './grid.js';
import { constantGuidance, type GuidanceSchedule } from './guidance.js';
import type { Clamp, MaskedModel } from './model.js';
import { randomOrder } from './policies/random-order.js';
import type { SamplingPolicy } from './policy.js';
import type { ReuseSchedule } from './reuse.js';

/** The options of a generation with nothing left to a default. */
export interface SamplingSettings<Input> {
  readonly model: MaskedModel<Input>;
  readonly policy: SamplingPolicy;
  readonly guidance: GuidanceSchedule;
  readonly diffusion: DiffusionProcess;
  /** The sampler for the model's diffusion process. */
  readonly sampler: BoundSampler;
  readonly temperature: number;
  readonly clamp: Clamp | undefined;
  readonly reuse: ReuseSchedule | undefined;
  readonly signal: CancellationSignal | undefined;
}

/**
 * The options, or else what the model advises, or else MAR's own.
 *
 * @throws InvalidOptionError if one is of another type or out of range
 */
export function samplingSettings<Input>(options: GenerateOptions<Input>): SamplingSettings<Input> {
  const { model, signal } = options;
  if (typeof model?.condition !== 'function')
    throw new InvalidOptionError('model', model, 'must be a loaded model, or a MaskedModel of your own');
  if (!Array.isArray(options.requests))
    throw new InvalidOptionError('requests', options.requests, 'must be an array of { seed, input }');
  for (const [i, request] of options.requests.entries())
    if (!request) throw new InvalidOptionError(`requests[${i}]`, request, 'must be { seed, input }');
  const { shape, diffusion = marDiffusion() } = model;
  const defaults = { ...model.defaults, ...(options.policy ? {} : model.defaults?.withPolicy) };
  const steps = Math.min(64, gridLength(options.gridSize ?? shape));
  const own = options.policy ?? defaults.policy ?? randomOrder({ steps });
  if (typeof own.init !== 'function' || typeof own.step !== 'function')
    throw new InvalidOptionError('policy', own, 'must be a policy such as randomOrder(), with init and step');
  const corrector = options.corrector ?? defaults.corrector;
  if (corrector !== undefined && typeof corrector !== 'function')
    throw new InvalidOptionError(
      'corrector',
      corrector,
      'must be a corrector such as leastLikelyCorrector()',
    );
  const policy = corrector ? corrector(own) : own;
  const ownSampler = diffusion.prediction === 'epsilon' ? ancestralSampler : eulerSampler;
  const chosen = options.sampler ?? defaults.sampler ?? ownSampler();
  if (typeof chosen !== 'function')
    throw new InvalidOptionError('sampler', chosen, 'must be a sampler such as ancestralSampler()');
  const temperature = options.temperature ?? defaults.temperature ?? 1;
  const clamp = options.clamp === undefined ? defaults.clamp : (options.clamp ?? undefined);
  assertNumber('temperature', temperature, 0);
  assertClamp(clamp, shape.channels);
  const reuse = options.reuse ?? defaults.reuse;
  if (reuse !== undefined && typeof reuse !== 'function')
    throw new InvalidOptionError('reuse', reuse, 'must be a schedule such as lazyMar()');
  const guidance = guidanceSchedule(options.guidance ?? defaults.guidance ?? 1);
  const sampler: BoundSampler = (diffusionSteps) => chosen(diffusionSteps, diffusion);
  return { model, policy, guidance, diffusion, sampler, temperature, clamp, reuse, signal };
}

function guidanceSchedule(guidance: GuidanceSchedule | number): GuidanceSchedule {
  if (typeof guidance === 'function') return guidance;
  if (typeof guidance === 'number') assertNumber('guidance', guidance, 0);
  else {
    const expectation = 'must be a number ≥ 0, or a schedule such as linearGuidance(3)';
    throw new InvalidOptionError('guidance', guidance, expectation);
  }
  return constantGuidance(guidance);
}
