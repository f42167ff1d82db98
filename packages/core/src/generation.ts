import type { CancellationSignal } from './cancellation.js';
import type { DiffusionSampler } from './diffusion/diffusion-sampler.js';
import type { GridShape, TokenGrid } from './grid.js';
import type { GuidanceSchedule } from './guidance.js';
import type { ImageRgb } from './image.js';
import type { Corrector } from './least-likely-corrector.js';
import type { Clamp, MaskedModel } from './model.js';
import type { NoiseSource } from './noise/source.js';
import type { StepPlan } from './plan.js';
import type { SamplingPolicy } from './policy.js';
import type { ReuseSchedule, StepReuse } from './reuse.js';
import type { SamplingWork } from './sampling-work.js';

/** One image to make. */
export interface ImageRequest<Input> {
  /** An integer from 0 to 2^53 − 1. */
  readonly seed: number;
  /**
   * Tells images of one seed apart: image 37 is the same alone or in a batch of 100. @default 0
   */
  readonly imageIndex?: number;
  /** What the model is conditioned on, e.g. `{ classLabel: 3 }`. */
  readonly input: Input;
  /** Tokens to start from (editing): known ones are kept as they are, and never remasked. @default all masked */
  readonly start?: TokenGrid;
}

export interface GenerateOptions<Input> {
  readonly model: MaskedModel<Input>;
  readonly requests: readonly ImageRequest<Input>[];
  /** Rows and columns of tokens, for models that draw grids of several sizes. @default the model's */
  readonly gridSize?: Pick<GridShape, 'height' | 'width'>;
  /** @default the model's, else MAR's own: `randomOrder()`, with a step a token on grids of fewer than 64 tokens */
  readonly policy?: SamplingPolicy;
  /** A schedule, or a number for the same scale at every step. @default the model's, else no guidance */
  readonly guidance?: GuidanceSchedule | number;
  /** Scales the noise of the diffusion steps, and what a `temperedStart` begins from; 0 … . @default the model's, else 1 */
  readonly temperature?: number;
  /** Limits of x0; null for none. @default the model's, else none */
  readonly clamp?: Clamp | null;
  /** The head's sampler. @default the model's, else ancestralSampler(), or eulerSampler() if it predicts velocity */
  readonly sampler?: DiffusionSampler;
  /** What steps take from earlier ones, e.g. `lazyMar()`. @default the model's, else nothing */
  readonly reuse?: ReuseSchedule;
  /** Draws tokens again once all are drawn, e.g. `leastLikelyCorrector()`. @default the model's, else none */
  readonly corrector?: Corrector;
  /** An image's source of noise. @default keyedNoise({ seed, image: imageIndex }) */
  readonly noise?: (image: {
    readonly seed: number;
    readonly imageIndex: number;
    readonly batchIndex: number;
  }) => NoiseSource;
  /** Checked between every two runs of the model; the generation rejects with the signal's reason. */
  readonly signal?: CancellationSignal;
}

/** What one step is to do to one image. */
export interface PlannedStep {
  /** The image's index in `requests`. */
  readonly batchIndex: number;
  /** The plan, positions ascending. */
  readonly plan: StepPlan;
  /** Of guidance that differs by token or timestep, the scale furthest from 1. */
  readonly guidanceScale: number;
  /** What it takes from earlier steps; `refresh` as it is carried out. Absent where nothing is reused. */
  readonly reuse?: StepReuse;
}

/** What one step did to one image: its plan as refined. */
export interface ImageStep extends PlannedStep {
  readonly work: SamplingWork;
}

/** How far a batch is. */
export interface Progress {
  /** Tokens decoded so far, of all images. A step that remasks tokens takes them off again. */
  readonly tokensDecoded: number;
  /** Tokens to decode in all: those that were masked at the start. */
  readonly tokens: number;
  readonly stepsDone: number;
  /** Steps in all, if the policy knows. They grow if a refinement drops tokens, which are then planned again. */
  readonly steps?: number;
}

export type GenerateEvent = { readonly progress: Progress } & (
  | { readonly type: 'step-start'; readonly step: number; readonly batch: readonly PlannedStep[] }
  | {
      readonly type: 'step-end';
      readonly step: number;
      readonly batch: readonly ImageStep[];
      /** The grids of all images, in the order of `requests`; copied, so they may be kept. */
      grids(): readonly TokenGrid[];
      /** Decodes the picture so far. Await it before asking for the next event. */
      preview(batchIndex: number): Promise<ImageRgb>;
    }
  | ({ readonly type: 'image'; readonly batchIndex: number } & GeneratedImage)
);

/** A finished image. */
export interface GeneratedImage {
  readonly image: ImageRgb;
  readonly grid: TokenGrid;
  /** Every step as it was carried out. */
  readonly steps: readonly ImageStep[];
}

export interface GenerateResult {
  /** In the order of the requests. */
  readonly results: readonly GeneratedImage[];
}

/** What those may give who want no events. */
export interface OnProgress {
  /** Called after each step and each finished image. */
  readonly onProgress?: (progress: Progress) => void;
}
