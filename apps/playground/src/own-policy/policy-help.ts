import type { POLICY_MODULES } from './module-source.js';

/** A name that a policy may use: what the editor shows when it is completed or pointed at. */
export interface HelpEntry {
  readonly name: string;
  readonly module: (typeof POLICY_MODULES)[number];
  /** Its type, as TypeScript writes it. */
  readonly type: string;
  readonly text: string;
}

export const POLICY_HELP: readonly HelpEntry[] = [
  {
    name: 'plannedPolicy',
    module: '@tessera/core',
    type: '(name: string, plan: (context: PolicyContext) => Iterable<StepPlan>) => SamplingPolicy',
    text: 'A policy from a generator of plans. Positions that are known already are left out of each.',
  },
  {
    name: 'stepPlan',
    module: '@tessera/core',
    type: '(stage: string, positions: ArrayLike<number>, diffusionSteps: number | ArrayLike<number>) => StepPlan',
    text: 'What one step decodes. A position is row · width + column; diffusion steps are one number, or one a token.',
  },
  {
    name: 'orderedPolicy',
    module: '@tessera/core',
    type: '(options: { name: string; order: (context: PolicyContext) => ArrayLike<number>; steps?: number; maskSchedule?: MaskSchedule; diffusionSteps?: number | DiffusionStepSchedule }) => SamplingPolicy',
    text: 'A policy from an order of all positions, a number of steps and how many tokens each takes.',
  },
  {
    name: 'refine',
    module: '@tessera/core',
    type: '(policy: SamplingPolicy, ...refinements: Refinement[]) => SamplingPolicy',
    text: 'The same policy, its plans rewritten once the model has said what it expects there.',
  },
  {
    name: 'inStage',
    module: '@tessera/core',
    type: '(stage: string, refinement: Refinement) => Refinement',
    text: 'A refinement for the steps of one stage only.',
  },
  {
    name: 'evenMaskSchedule',
    module: '@tessera/core',
    type: '(total: number, steps: number) => readonly number[]',
    text: 'About as many tokens in each step.',
  },
  {
    name: 'cosineMaskSchedule',
    module: '@tessera/core',
    type: '(total: number, steps: number) => readonly number[]',
    text: 'Few tokens at first, more and more later: MAR’s schedule.',
  },
  {
    name: 'annealedDiffusionSteps',
    module: '@tessera/core',
    type: "(options?: { from?: number; to?: number; shape?: 'linear' | 'cosine' | 'two-stage' }) => DiffusionStepSchedule",
    text: 'Diffusion steps that fall from step to step: 50 down to 5 unless you say otherwise.',
  },
  {
    name: 'haltonOrder',
    module: '@tessera/core',
    type: '(shape: { height: number; width: number }) => Uint32Array',
    text: 'Every position once, each far from the last.',
  },
  {
    name: 'shuffle',
    module: '@tessera/core',
    type: '(values: ArrayLike<number>, noise: NoiseSource) => Uint32Array',
    text: 'A random order that only the noise decides: the same seed, the same order.',
  },
  {
    name: 'randomOrder',
    module: '@tessera/core',
    type: '(options?: { steps?: number; maskSchedule?: MaskSchedule; diffusionSteps?: number | DiffusionStepSchedule }) => SamplingPolicy',
    text: 'MAR’s own policy.',
  },
  {
    name: 'gtr',
    module: '@tessera/gtr',
    type: "(options?: '32' | '16' | { stepsPerStage?: number[]; maxDiffusionSteps?: number; minDiffusionSteps?: number; … }) => SamplingPolicy",
    text: 'Generation then reconstruction, with FTS.',
  },
  {
    name: 'diagonalSubsets',
    module: '@tessera/gtr',
    type: '(shape: { height: number; width: number }, stages: number) => readonly Uint32Array[]',
    text: 'The grid split into nested checkerboards.',
  },
  {
    name: 'frequencyWeighted',
    module: '@tessera/fts',
    type: '(options?: { ratio?: number; … }) => Refinement',
    text: 'More diffusion steps for the tokens with the most detail.',
  },
];

/** Types that appear in the help, for reading beside the code. */
export const POLICY_TYPES = `interface PolicyContext {
  shape: { height: number; width: number; channels: number };
  known: Uint8Array;   // 1 where a token is given
  noise: NoiseSource;  // all randomness: noise.fork('mine').uniform()
}

interface StepPlan {
  stage: string;               // a name of your own
  positions: Uint32Array;      // row · width + column
  diffusionSteps: Uint16Array; // one a position
}

interface SamplingPolicy<State> {
  name: string;
  init(context: PolicyContext): State;
  step(state: State, seen: { step: number; grid: TokenGrid }): [StepPlan, State];
}

type Refinement = (plan: StepPlan, seen: {
  step: number; grid: TokenGrid; conditions: Conditions; noise: NoiseSource; given: Uint8Array;
  tokenLosses(positions: Uint32Array, evaluations: number): Promise<Float32Array>;
}) => StepPlan | Promise<StepPlan>;`;
