import type { CancellationSignal } from './cancellation.js';
import type { DiffusionSampler } from './diffusion/diffusion-sampler.js';
import type { TokenGrid } from './grid.js';
import type { GuidanceSchedule } from './guidance.js';
import type { ImageRgb } from './image.js';
import type { Clamp, MaskedModel } from './model.js';
import type { NoiseSource } from './noise/source.js';
import type { StepPlan } from './plan.js';
import type { SamplingPolicy } from './policy.js';

/** One image to make. */
export interface ImageRequest<Input> {
  /** A non-negative safe integer. */
  readonly seed: number;
  /**
   * Tells images of one seed apart: image 37 is the same alone or in a batch of 100. @default 0
   */
  readonly imageIndex?: number;
  /** What the model is conditioned on, e.g. `{ classLabel: 3 }`. */
  readonly input: Input;
  /** Tokens to start from (editing): known ones are kept as they are. @default all masked */
  readonly start?: TokenGrid;
}

export interface GenerateOptions<Input> {
  readonly model: MaskedModel<Input>;
  readonly requests: readonly ImageRequest<Input>[];
  readonly policy: SamplingPolicy;
  /** @default the model's, else no guidance */
  readonly guidance?: GuidanceSchedule;
  /** Scales the noise of the diffusion steps, and what a `temperedStart` begins from; 0 … . @default the model's, else 1 */
  readonly temperature?: number;
  /** Limits of x0; null for none. @default the model's, else none */
  readonly clamp?: Clamp | null;
  /** The head's sampler. @default ancestralSampler(), or eulerSampler() for a model that predicts velocity */
  readonly sampler?: DiffusionSampler;
  /** An image's source of noise. @default keyedNoise({ seed, image: imageIndex }) */
  readonly noise?: (image: {
    readonly seed: number;
    readonly imageIndex: number;
    readonly batchIndex: number;
  }) => NoiseSource;
  /** Checked between every two runs of the model; the generation rejects with the signal's reason. */
  readonly signal?: CancellationSignal;
}

/** What one step did to one image. */
export interface ImageStep {
  /** The image's index in `requests`. */
  readonly batchIndex: number;
  /** The plan; at `step-end` as refined, positions ascending. */
  readonly plan: StepPlan;
  /** Of guidance that differs by token or timestep, the scale furthest from 1. */
  readonly guidanceScale: number;
}

export type GenerateEvent =
  | { readonly type: 'step-start'; readonly step: number; readonly batch: readonly ImageStep[] }
  | {
      readonly type: 'step-end';
      readonly step: number;
      readonly batch: readonly ImageStep[];
      /** The grids of all images, in the order of `requests`; copied, so they may be kept. */
      grids(): readonly TokenGrid[];
      /** Decodes the picture so far. Await it before asking for the next event. */
      preview(batchIndex: number): Promise<ImageRgb>;
    }
  | {
      readonly type: 'image';
      readonly batchIndex: number;
      readonly image: ImageRgb;
      readonly grid: TokenGrid;
      readonly steps: readonly ImageStep[];
    };

/** A finished image. */
export interface GeneratedImage {
  readonly image: ImageRgb;
  readonly grid: TokenGrid;
  /** Every step as it was carried out. */
  readonly steps: readonly ImageStep[];
}

export interface GenerateResult {
  /** In the order of the request. */
  readonly results: readonly GeneratedImage[];
}
