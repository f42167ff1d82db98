import type { CancellationSignal } from './cancellation.js';
import type { ConditionRows } from './condition-rows.js';
import type { DiffusionProcess } from './diffusion/diffusion-process.js';
import type { DiffusionSampler } from './diffusion/diffusion-sampler.js';
import type { SamplerCoefficients } from './diffusion/sampler-coefficients.js';
import type { GridShape, TokenGrid } from './grid.js';
import type { GuidanceSchedule } from './guidance.js';
import type { ImageRgb, ImageSize } from './image.js';
import type { Corrector } from './least-likely-corrector.js';
import type { NoiseSource } from './noise/source.js';
import type { SamplingPolicy } from './policy.js';
import type { ConditionReuse, HeadReuse, ReuseAbilities, ReuseSchedule } from './reuse.js';

/** What a class-conditional model is asked for: a class index, or null for the unconditional picture. */
export interface ClassInput {
  readonly classLabel: number | null;
}

/** What a text encoder makes of a prompt, to be given in place of it. */
export interface TextFeatures {
  /** [T, Ct], a row a piece of text, those of padding included. */
  readonly features: Float32Array;
  /** [T], 1 for rows of text, 0 for padding. Models whose rows all take part, LightGen among them, pass it over. */
  readonly mask?: Uint8Array;
}

/** What a text-conditional model is asked for. */
export interface TextInput {
  /** Null for the unconditional picture. */
  readonly prompt: string | TextFeatures | null;
  /** What guidance leads away from. @default the text that the model learned for none */
  readonly negativePrompt?: string | TextFeatures;
}

/** What models are asked for: those of classes by the one, those of text by the other. */
export type ModelInput = ClassInput | TextInput;

/**
 * Turns prompts into features, for models without a text encoder of their own. A model computes what follows from features
 * once for as long as it is asked for the same ones.
 */
export interface TextEncoder {
  /** T: rows that a prompt is padded or cut to. */
  readonly length: number;
  /** Ct: the width of a row. */
  readonly width: number;
  /** One entry a prompt, in their order. */
  encode(
    prompts: readonly string[],
    options?: { readonly signal?: CancellationSignal },
  ): Promise<readonly TextFeatures[]>;
  /** The words of a prompt that it can only spell. Absent where it can't tell. */
  unknownWords?(prompt: string): Promise<readonly string[]>;
  /** Frees everything. */
  dispose(): Promise<void>;
}

/** One image of a {@link ConditionRequest}. */
export interface ConditionImage<Input> {
  readonly grid: TokenGrid;
  /** [n], ascending, masked in `grid`. */
  readonly positions: Uint32Array;
  readonly input: Input;
  /** Whether unconditional rows are wanted as well. */
  readonly guided: boolean;
  /** What may be taken from earlier steps of the image; see `MaskedModel.reuses`. @default nothing */
  readonly reuse?: ConditionReuse;
  /** Given to models with `MaskedModel.drawsGlobalToken` alone. */
  readonly globalToken?: GlobalTokenRequest;
}

/** What a token of the whole picture is drawn with, before its tokens. Plain data. */
export interface GlobalTokenRequest {
  /** [C], its initial x. The temperature does not scale it. */
  readonly noise: Float32Array;
  /** As of the step. Without effect where the image is not guided. */
  readonly guidanceScale: number;
}

export interface ConditionRequest<Input> {
  readonly batch: readonly ConditionImage<Input>[];
  readonly signal?: CancellationSignal;
}

/** Limits of the predicted clean token x0: ±c for all channels, or ±c[i] for channel i, [C]. */
export type Clamp = number | readonly number[];

/** Some tokens of one image, all with the same sampler coefficients. */
export interface TokenImage {
  /** Those that the same model's `condition` returned: one behind a worker takes no others. */
  readonly conditions: ConditionRows;
  /** [m], rows of `conditions` to sample, ascending. */
  readonly rows: Uint32Array;
  /** [m], the grid positions of those rows; they key the noise. */
  readonly positions: Uint32Array;
  /**
   * s in ε = ε_u + s·(ε_c − ε_u), or of the velocity: one for all, or [S, m], one a step of the coefficients and row.
   * Without effect on unguided conditions.
   */
  readonly guidanceScale: number | Float32Array;
  readonly noise: NoiseSource;
}

export interface TokenRequest {
  readonly batch: readonly TokenImage[];
  readonly coefficients: SamplerCoefficients;
  /** Scales the noise of every diffusion step, and the initial x of coefficients with `temperedStart`. */
  readonly temperature: number;
  readonly clamp?: Clamp;
  /** What the head takes from earlier diffusion steps; see `MaskedModel.reuses`. @default nothing */
  readonly reuse?: HeadReuse;
  readonly signal?: CancellationSignal;
}

/** One evaluation of the head, for samplers that are functions. */
export interface HeadRequest {
  readonly batch: readonly {
    /** Those that the same model's `condition` returned. */
    readonly conditions: ConditionRows;
    /** [m], rows of `conditions`, ascending. */
    readonly rows: Uint32Array;
    /** [m, C], the noisy tokens. */
    readonly x: Float32Array;
  }[];
  /** 0 … N − 1 for ε, σ · `trainSteps` for velocity. */
  readonly timestep: number;
  readonly signal?: CancellationSignal;
}

/** What a checkpoint's authors advise; options of `generate` override each. */
export interface SamplingDefaults {
  readonly policy?: SamplingPolicy;
  readonly sampler?: DiffusionSampler;
  readonly guidance?: GuidanceSchedule;
  readonly temperature?: number;
  readonly clamp?: Clamp;
  readonly reuse?: ReuseSchedule;
  readonly corrector?: Corrector;
  /** What goes with `policy`, and so comes before the others where no policy is asked for. */
  readonly withPolicy?: Omit<SamplingDefaults, 'policy' | 'withPolicy'>;
}

/**
 * A masked autoregressive model, wherever it runs. It never decides what to sample: positions, step counts, scales and
 * noise are all given to it. A batch has one entry an image, and an image's result does not depend on its neighbours.
 */
export interface MaskedModel<Input> {
  readonly shape: GridShape;
  /** The size of its pictures; needed for editing alone. */
  readonly imageSize?: ImageSize;
  readonly defaults?: SamplingDefaults;
  /**
   * What the head was trained to predict, and on which noise; the same object at each reading.
   * @default marDiffusion(), ε with learned variance on the cosine schedule
   */
  readonly diffusion?: DiffusionProcess;
  /** What it can take from earlier steps. @default nothing */
  readonly reuses?: ReuseAbilities;
  /** Whether `condition` first draws a token of the whole picture, and so needs `globalToken`. @default false */
  readonly drawsGlobalToken?: boolean;
  /** z at the given positions, one {@link ConditionRows} an image, rows ascending by position. */
  condition(request: ConditionRequest<Input>): Promise<readonly ConditionRows[]>;
  /** Runs the head; one [m, C] array of tokens an image, in the order of its `rows`. */
  sampleTokens(request: TokenRequest): Promise<readonly Float32Array[]>;
  /**
   * The head's output before guidance, one array an image: its m conditional rows, then, for guided conditions, its m
   * unconditional ones. Rows are [ε | v], 2C wide, or the velocity, C wide. Models without it take no function samplers.
   */
  evaluateHead?(request: HeadRequest): Promise<readonly Float32Array[]>;
  /** Pixels of finished grids, or of unfinished ones, whose masked tokens are taken as 0. */
  decode(
    grids: readonly TokenGrid[],
    options?: { readonly signal?: CancellationSignal },
  ): Promise<readonly ImageRgb[]>;
  /**
   * Pictures of the model's size → grids with every token known. Where the model has no encoder it is absent, or
   * rejects with the code `missing-component`.
   */
  encode?(
    images: readonly ImageRgb[],
    options?: { readonly signal?: CancellationSignal },
  ): Promise<readonly TokenGrid[]>;
  /** Frees everything. Any later call rejects with `ModelDisposedError`; a second `dispose` does nothing. */
  dispose(): Promise<void>;
}
