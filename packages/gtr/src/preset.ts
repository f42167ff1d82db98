import { InvalidOptionError, inStage, refine, type SamplingPolicy } from '@tessera/core';
import { type FrequencyWeightedOptions, frequencyWeighted } from '@tessera/fts';
import {
  type GenerationThenReconstructionOptions,
  generationThenReconstruction,
} from './generation-then-reconstruction.js';

/**
 * - `32`: the paper's rates for MAR, 2.67, 10.67 and 64 tokens a step: 24 + 6 + 2 steps of 256 tokens
 * - `16`: the same ratios at twice the rate, 12 + 3 + 1, which the paper's FLOP count fits better
 * - `lightgen`: 16, 42.6, 85.3 and 256 tokens a step: 8 + 3 + 3 + 2 steps of 1024 tokens
 */
export type GtrPreset = '32' | '16' | 'lightgen';

const STEPS: Readonly<Record<GtrPreset, readonly number[]>> = {
  '32': [24, 6, 2],
  '16': [12, 3, 1],
  lightgen: [8, 3, 3, 2],
};

export interface GtrOptions extends GenerationThenReconstructionOptions {
  /** Where `steps` and `rates` are not given. @default '32' */
  readonly preset?: GtrPreset;
  /** Frequency-weighted selection in the reconstruction stage; false for none. @default β = 0.1, T_detail = 50 */
  readonly frequencyWeighted?: false | FrequencyWeightedOptions;
}

/**
 * GtR with FTS, as published (arXiv 2510.17171): {@link generationThenReconstruction}, and in its reconstruction stage
 * the tenth of the tokens with the most high-frequency energy gets 50 diffusion steps instead of 20.
 *
 * ```ts
 * gtr();                                          // 24 + 6 + 2 steps
 * gtr('16');                                      // 12 + 3 + 1 steps
 * gtr({ preset: '16', frequencyWeighted: false }); // the same without FTS
 * gtr({ rates: [4, 16, 64], parity: 1 });
 * ```
 *
 * @throws InvalidOptionError where a preset is not known or an option is out of range
 */
export function gtr(options: GtrPreset | GtrOptions = {}): SamplingPolicy {
  const {
    preset = '32',
    frequencyWeighted: selection = {},
    ...rest
  } = typeof options === 'string' ? { preset: options } : options;
  if (!Object.hasOwn(STEPS, preset)) {
    throw new InvalidOptionError('preset', preset, `must be one of ${Object.keys(STEPS).join(', ')}`);
  }
  const steps = STEPS[preset];
  const paced = rest.steps !== undefined || rest.rates !== undefined;
  if (!paced && rest.stages !== undefined && rest.stages !== steps.length) {
    const problem = `preset ${preset} has ${steps.length}; give the steps or the rates of that many stages`;
    throw new InvalidOptionError('stages', rest.stages, problem);
  }
  const policy = generationThenReconstruction(paced ? rest : { ...rest, steps });
  return selection === false
    ? policy
    : refine(policy, inStage('reconstruction', frequencyWeighted(selection)));
}
