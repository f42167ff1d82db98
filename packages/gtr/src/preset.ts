import { InvalidOptionError, inStage, refine, type SamplingPolicy } from '@tessera/core';
import { type FrequencyWeightedOptions, frequencyWeighted, type TokenScore } from '@tessera/fts';
import {
  type GenerationThenReconstructionOptions,
  generationThenReconstruction,
} from './generation-then-reconstruction.js';

/**
 * - `32`: the paper's rates for MAR, 2.67, 10.67 and 64 tokens a step: 24 + 6 + 2 steps of 256 tokens
 * - `16`: the same ratios at twice the rate, 12 + 3 + 1, which the paper's FLOP count fits better
 * - `lightgen`: 16, 42.6, 85.3 and 256 tokens a step: 8 + 3 + 3 + 2 steps of 1024 tokens
 * - `gradual`: not the paper's: 40 steps over 7 quincunx subsets of 256 tokens, from 1 token a step to 8 in the first half and
 *   43 in the second, 20 diffusion steps for every token and no FTS. The published step schedule loses by its first tokens, which know
 *   of no others and are decoded several at a time (docs/evidence/speed.md).
 * - `fast`: not the paper's: 16 steps over the same subsets, 8 diffusion steps for every token and no FTS. It is meant for
 *   `dpmSolverSampler()` and `leastLikelyCorrector({ share: 0.25, rounds: 2, diffusionSteps: 8, parts: 2, evaluations: 1 })`, which draws
 *   again what the hurry spoils.
 */
export type GtrPreset = '32' | '16' | 'lightgen' | 'gradual' | 'fast';

/** What each preset sets; the rest is as published, the defaults of {@link gtr}'s options. */
export const GTR_PRESETS: Readonly<Record<GtrPreset, GtrPresetOptions>> = {
  '32': { stepsPerStage: [24, 6, 2] },
  '16': { stepsPerStage: [12, 3, 1] },
  lightgen: { stepsPerStage: [8, 3, 3, 2] },
  gradual: {
    stepsPerStage: [4, 4, 5, 7, 8, 9, 3],
    subsets: 'quincunx',
    maxDiffusionSteps: 20,
    minDiffusionSteps: 20,
    reconstructionDiffusionSteps: 20,
    frequencyWeighted: false,
  },
  fast: {
    stepsPerStage: [2, 2, 2, 3, 3, 3, 1],
    subsets: 'quincunx',
    maxDiffusionSteps: 8,
    minDiffusionSteps: 8,
    reconstructionDiffusionSteps: 8,
    frequencyWeighted: false,
  },
};

/** The options of a preset. */
export type GtrPresetOptions = Omit<GtrOptions, 'preset' | 'stages' | 'rates'> & {
  readonly stepsPerStage: readonly number[];
};

export interface GtrOptions extends GenerationThenReconstructionOptions {
  /** What holds where an option is not given; `rates` take the place of its steps. @default '32' */
  readonly preset?: GtrPreset;
  /**
   * Frequency-weighted selection in the reconstruction stage; false for none.
   *
   * @default β = 0.1 and T_detail = 50, or T_rec where that is more; false for `gradual` and `fast`
   */
  readonly frequencyWeighted?: false | FrequencyWeightedOptions;
  /** The stage whose tokens are selected from; for ablations the other one, or both. @default 'reconstruction' */
  readonly selectionStage?: 'generation' | 'reconstruction' | 'both';
  /** What tokens are selected by, where `frequencyWeighted` doesn't say it. @default 'frequency' */
  readonly selectionScore?: TokenScore;
}

/**
 * GtR with FTS, by default as published (arXiv 2510.17171): {@link generationThenReconstruction}, and in its reconstruction stage
 * the tenth of the tokens with the most high-frequency energy gets 50 diffusion steps instead of 20.
 *
 * ```ts
 * gtr();                                          // 24 + 6 + 2 steps
 * gtr('16');                                      // 12 + 3 + 1 steps
 * gtr('gradual');                                 // begun slowly, without FTS
 * gtr({ preset: '16', frequencyWeighted: false }); // the same without FTS
 * gtr({ rates: [4, 16, 64], firstColour: 1 });
 * ```
 *
 * @throws InvalidOptionError where a preset is not known or an option is out of range
 */
export function gtr(options: GtrPreset | GtrOptions = {}): SamplingPolicy {
  const { preset = '32', ...given } = typeof options === 'string' ? { preset: options } : options;
  if (!Object.hasOwn(GTR_PRESETS, preset)) {
    throw new InvalidOptionError('preset', preset, `must be one of ${Object.keys(GTR_PRESETS).join(', ')}`);
  }
  const { stepsPerStage, ...others } = GTR_PRESETS[preset];
  const {
    frequencyWeighted: selection = {},
    selectionStage = 'reconstruction',
    selectionScore = 'frequency',
    ...rest
  } = { ...others, ...withoutUndefined(given) };
  const scheduled = rest.stepsPerStage !== undefined || rest.rates !== undefined;
  if (!scheduled && rest.stages !== undefined && rest.stages !== stepsPerStage.length) {
    const problem = `preset ${preset} has ${stepsPerStage.length}; give stepsPerStage or rates of that many stages`;
    throw new InvalidOptionError('stages', rest.stages, problem);
  }
  const policy = generationThenReconstruction(scheduled ? rest : { ...rest, stepsPerStage });
  if (selection === false) return policy;
  const { detailDiffusionSteps = Math.max(50, rest.reconstructionDiffusionSteps ?? 0) } = selection;
  if (!['generation', 'reconstruction', 'both'].includes(selectionStage)) {
    throw new InvalidOptionError(
      'selectionStage',
      selectionStage,
      'must be generation, reconstruction or both',
    );
  }
  const refinement = frequencyWeighted({ score: selectionScore, ...selection, detailDiffusionSteps });
  return refine(policy, selectionStage === 'both' ? refinement : inStage(selectionStage, refinement));
}

/** An option given as undefined is one that isn't given: a preset's stays. */
function withoutUndefined<Options extends object>(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options;
}
