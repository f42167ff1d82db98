import type { DiffusionProcess } from './diffusion/diffusion-process.js';
import { isCoefficients } from './diffusion/diffusion-sampler.js';
import type { SamplerFunction } from './diffusion/function-sampler.js';
import { runFunction } from './diffusion/run-function.js';
import type { SamplerCoefficients } from './diffusion/sampler-coefficients.js';
import { assertShape, InvalidOptionError, TesseraError, UnguidedConditionsError } from './errors.js';
import { type TokenGuidance, tokenScales } from './guidance.js';
import type { MaskedModel, TokenImage, TokenRequest } from './model.js';
import { fillTokenNoise } from './noise/token-noise.js';
import { type HeadEffort, headEffort } from './reuse.js';

/** Tokens of one image that are sampled together, before their scales are known. */
export interface GroupImage extends Omit<TokenImage, 'guidanceScale'> {
  readonly guidance: number | TokenGuidance;
}

export interface GroupRequest extends Pick<TokenRequest, 'temperature' | 'clamp' | 'reuse' | 'signal'> {
  readonly batch: readonly GroupImage[];
  readonly diffusionSteps: number;
  readonly sampler: SamplerCoefficients | SamplerFunction;
  readonly diffusion: DiffusionProcess;
}

/** What sampling gave for one image of a group. */
export interface SampledTokens {
  /** [m, C]. */
  readonly values: Float32Array;
  /** Evaluations of the whole head, of each token. */
  readonly evaluations: number;
  /** Evaluations of its outer blocks, for the conditional half alone. */
  readonly outerEvaluations: number;
}

/**
 * Samples the tokens of a group: coefficients inside the model, a function here, image by image, with an evaluation of the
 * model's head at a time.
 *
 * @returns one an image
 * @throws InvalidOptionError where a function is to reuse
 * @throws TesseraError `head-not-evaluable` where a function meets a model without `evaluateHead`
 * @throws UnguidedConditionsError where a scale is not 1 and the conditions have no unconditional rows
 */
export async function sampleGroup<Input>(
  model: MaskedModel<Input>,
  { batch, diffusionSteps, sampler, diffusion, ...request }: GroupRequest,
): Promise<readonly SampledTokens[]> {
  if (isCoefficients(sampler)) {
    const timesteps = sampler.steps.map((step) => step.timestep);
    const scaled = batch.map(({ guidance, ...image }) => ({
      ...image,
      guidanceScale: typeof guidance === 'number' ? guidance : checkedScales(guidance, timesteps, image),
    }));
    const tokens = await model.sampleTokens({ batch: scaled, coefficients: sampler, ...request });
    assertShape('sampled tokens, one array an image', tokens, [batch.length]);
    const efforts = timesteps.map((_, index) => headEffort(request.reuse, index, timesteps.length));
    const times = (effort: HeadEffort): number => efforts.filter((each) => each === effort).length;
    return tokens.map((values) => ({
      values,
      evaluations: times('full'),
      outerEvaluations: times('outer'),
    }));
  }
  if (request.reuse)
    throw new InvalidOptionError(
      'reuse',
      'a head that reuses',
      `needs a sampler of coefficients, such as ancestralSampler(); "${sampler.name}" is a function`,
    );
  const { channels } = model.shape;
  const sampled: SampledTokens[] = [];
  for (const { guidance, ...image } of batch) {
    const { conditions, rows } = image;
    let evaluations = 0;
    const values = await runFunction(sampler, {
      ...request,
      diffusion,
      diffusionSteps,
      count: rows.length,
      channels,
      noise: (step, out) => fillTokenNoise([image], step, channels, out),
      guidanceScale: (timestep) =>
        typeof guidance === 'number'
          ? new Float32Array(rows.length).fill(guidance)
          : checkedScales(guidance, [timestep], image),
      async evaluate(x, timestep) {
        if (!model.evaluateHead) {
          throw new TesseraError(
            'head-not-evaluable',
            `This model has no evaluateHead, which the sampler "${sampler.name}" needs. Use a sampler of coefficients, ` +
              'such as ancestralSampler().',
          );
        }
        evaluations++;
        const signal = request.signal ? { signal: request.signal } : {};
        const output = await model.evaluateHead({ batch: [{ conditions, rows, x }], timestep, ...signal });
        assertShape('head outputs, one an image', output, [1]);
        return output[0]!;
      },
    });
    sampled.push({ values, evaluations, outerEvaluations: 0 });
  }
  return sampled;
}

/** [S, m]. */
function checkedScales(
  guidance: TokenGuidance,
  timesteps: readonly number[],
  { positions, conditions }: Pick<GroupImage, 'positions' | 'conditions'>,
): Float32Array {
  const scales = tokenScales(guidance, timesteps, positions);
  const needed = scales.find((scale) => scale !== 1);
  if (needed !== undefined && !conditions.guided)
    throw new UnguidedConditionsError(
      `A token has guidance ${needed} at a timestep at which the whole step was to have 1. The guidance must be the same ` +
        'at each call.',
    );
  return scales;
}
