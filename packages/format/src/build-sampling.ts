import {
  type GridShape,
  type GuidanceSchedule,
  InvalidOptionError,
  type SamplingPolicy,
  type StepPlan,
} from '@tessera/core';
import { type CoefficientsSampler, type DiffusionProcess, marDiffusion } from '@tessera/core/diffusion';
import {
  assertClamp,
  assertReuse,
  type Clamp,
  type Corrector,
  planImage,
  type ReuseAbilities,
  type ReuseContext,
  type ReuseSchedule,
  type SamplingDefaults,
} from '@tessera/core/model';
import type { Manifest } from './manifest.js';
import { CHOICES, type Choice } from './parameters.js';
import { adviseSampling, type SettingsConfig } from './resolve-sampling.js';
import {
  type ChoicePart,
  choiceOf,
  type GuidanceConfig,
  type PolicyConfig,
  parametersOf,
  partOf,
  type SamplingConfig,
} from './sampling-config.js';

/** What core's `generate` takes. */
export interface Sampling extends SamplingSettings {
  readonly policy: SamplingPolicy;
}

/** The same without a policy. */
export interface SamplingSettings {
  readonly guidance: GuidanceSchedule;
  readonly temperature: number;
  readonly clamp: Clamp | null;
  readonly sampler: CoefficientsSampler;
  readonly reuse?: ReuseSchedule;
  readonly corrector?: Corrector;
}

/**
 * What `generate` takes for a configuration.
 *
 * ```ts
 * const config = resolveSampling(parseSpec('gtr-16/guidance=2'), model.manifest.sampling);
 * await generateImages({ model, requests, ...buildSampling(config) });
 * ```
 *
 * @throws InvalidOptionError where a number is out of its function's range
 */
export function buildSampling(config: SamplingConfig): Sampling {
  return { policy: buildPolicy(config.policy), ...buildSettings(config) };
}

/** The same for a policy that is not plain data. */
export function buildSettings(config: SettingsConfig): SamplingSettings {
  const { temperature, clamp } = config;
  return {
    guidance: build('guidance', config) as GuidanceSchedule,
    temperature,
    clamp,
    sampler: build('sampler', config) as CoefficientsSampler,
    ...(config.reuse ? { reuse: build('reuse', config) as ReuseSchedule } : {}),
    ...(config.corrector ? { corrector: build('corrector', config) as Corrector } : {}),
  };
}

/** The policy of a configuration. */
export function buildPolicy(policy: PolicyConfig): SamplingPolicy {
  return build('policy', { policy }) as SamplingPolicy;
}

/** The guidance schedule of a configuration. */
export function buildGuidance(guidance: GuidanceConfig): GuidanceSchedule {
  return build('guidance', { guidance }) as GuidanceSchedule;
}

/**
 * What `generate` uses for a model where its caller gives nothing: the sampling that the model advises. Where the caller gives
 * a policy, the model's guidance, temperature and clamp, as for a spec of that policy.
 */
export function samplingDefaults({ sampling }: Pick<Manifest, 'sampling'>): SamplingDefaults {
  const { temperature, clamp } = sampling;
  const { policy, clamp: limit, ...withPolicy } = buildSampling(adviseSampling(sampling));
  return {
    policy,
    withPolicy: { ...withPolicy, ...(limit === null ? {} : { clamp: limit }) },
    guidance: buildGuidance(sampling.guidance),
    temperature,
    ...(clamp === undefined ? {} : { clamp }),
  };
}

/**
 * Makes sure that a model can carry a sampling out on an empty grid, without running it: for callers that write something
 * before the first picture is drawn.
 *
 * @param model its grid, and what it may leave out: its diffusion, MAR's unless said otherwise, and what it can take from
 *   earlier steps, nothing unless said otherwise
 * @throws InvalidOptionError where the policy has more steps than there are tokens, or the sampler has no coefficients for as
 *   many diffusion steps as a token would get; ShapeMismatchError where a clamp has not as many limits as tokens have channels;
 *   TesseraError `reuse-unsupported` where steps take from earlier ones what the model doesn't cache
 */
export function assertSamplingFits(
  config: SamplingConfig,
  {
    shape,
    diffusion = marDiffusion(),
    reuses,
  }: {
    readonly shape: GridShape;
    readonly diffusion?: DiffusionProcess | undefined;
    readonly reuses?: ReuseAbilities | undefined;
  },
): void {
  const { policy, sampler, clamp, corrector, reuse } = buildSampling(config);
  assertClamp(clamp ?? undefined, shape.channels);
  const plans = planImage(corrector ? corrector(policy) : policy, shape);
  if (reuse) assertReuse(reuses, reuse(firstStep(plans, shape)));
  for (const steps of diffusionStepsOf(plans, config.policy)) {
    try {
      sampler(steps, diffusion);
    } catch (error) {
      if (!InvalidOptionError.isInstance(error)) throw error;
      throw new InvalidOptionError('diffusion steps', steps, error.expectation);
    }
  }
}

/** Where the first step of an image stands. */
function firstStep(plans: readonly StepPlan[], { height, width }: GridShape): ReuseContext {
  const [{ stage, positions }] = plans as [StepPlan];
  const total = height * width;
  const place = { total, maskedBefore: total, maskedAfter: total - positions.length };
  return { ...place, step: 0, steps: plans.length, stage, previousStage: undefined };
}

/** Every number of diffusion steps that tokens of an image are planned with, or get by FTS. */
function diffusionStepsOf(plans: readonly StepPlan[], policy: PolicyConfig): ReadonlySet<number> {
  const counts = new Set(plans.flatMap(({ diffusionSteps }) => [...diffusionSteps]));
  if (!plans.some(({ stage }) => stage === 'reconstruction')) return counts;
  const values = partOf({ policy }, 'policy');
  for (const row of parametersOf('policy', policy.order)) {
    for (const steps of row.addedDiffusionSteps?.(values[row.key]) ?? []) counts.add(steps);
  }
  return counts;
}

/** Calls the function of a part's choice with its options. */
function build(part: ChoicePart, config: Partial<SamplingConfig>): unknown {
  const values = partOf(config, part);
  const choice = choiceOf(part, values)!;
  const choices: Readonly<Record<string, Choice>> = CHOICES[part];
  const { make, fixed, scalar } = choices[choice]!;
  const options = Object.fromEntries(
    parametersOf(part, choice)
      .filter(({ key }) => values[key] !== undefined)
      .map(({ key, option = key, make: made }) => [option, made ? made(values[key]) : values[key]]),
  );
  // Each function takes the options of its rows; that they are these is what the tests of the table see to.
  return (make as (options: unknown) => unknown)(scalar ? options[scalar] : { ...options, ...fixed });
}
