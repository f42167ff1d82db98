import type { GenerateOptions, MaskedModel, ModelInput, SamplingPolicy } from '@tessera/core';
import type { CancellationSignal } from '@tessera/core/model';
import type { ComparedMetric } from './evaluation-report.js';
import type { EvaluationStore } from './evaluation-store.js';
import type { FeatureNetwork } from './feature-network.js';
import type { ReferencePictures } from './reference-pictures.js';
import type { KnownThing, PromptSet } from './scene-prompts.js';

/** What a way to draw says of sampling, as `generate` takes it. */
type Sampling = Pick<
  GenerateOptions<ModelInput>,
  'guidance' | 'temperature' | 'clamp' | 'sampler' | 'reuse' | 'corrector'
>;

/** One way to draw pictures. What is left out is the model's own; of the sampler, ancestralSampler(). */
export interface EvaluationVariant extends Sampling {
  /** Tells it apart from the other variants. */
  readonly name: string;
  readonly policy: SamplingPolicy;
  /** What draws it. @default the evaluation's model */
  readonly model?: MaskedModel<ModelInput>;
  /** JSON that says how to draw the same pictures again; it goes into the report as it is. */
  readonly description: unknown;
}

/** Prompts, and the things that the network knows, by which it is told whether a picture meets its prompt. */
export interface AskedPrompts extends PromptSet {
  readonly things: readonly KnownThing[];
}

/** How far an evaluation is. */
export type EvaluationProgress =
  | {
      readonly phase: 'drawing';
      /** The variant that a batch has been finished of. */
      readonly variant: string;
      /** Finished pictures of this variant, of `total`; those from before a stop count. */
      readonly done: number;
      readonly total: number;
      /** Seconds an image of this batch. */
      readonly seconds: number;
    }
  /** `done` of `total` splits of the real pictures. */
  | { readonly phase: 'floors'; readonly done: number; readonly total: number }
  /** `done` of `total` resamples of a variant. */
  | { readonly phase: 'resampling'; readonly variant: string; readonly done: number; readonly total: number };

export interface EvaluateOptions {
  readonly model: MaskedModel<ModelInput>;
  /** Classes of the model: picture k shows class k mod `classes`. Of prompts, their skills: picture k tests skill k mod `classes`. */
  readonly classes: number;
  /** Drawn instead of classes: picture k shows prompt k mod prompts. */
  readonly prompts?: AskedPrompts;
  /** At least one. The first is what the others are compared with. */
  readonly variants: readonly EvaluationVariant[];
  /** Pictures a variant; at least two a class. */
  readonly n: number;
  /** Of all pictures, splits and resamples. @default 0 */
  readonly seed?: number;
  /** What turns the pictures into features. */
  readonly network: FeatureNetwork;
  /** Real pictures, seen by the same network. */
  readonly reference: ReferencePictures;
  readonly store: EvaluationStore;
  /** Pictures drawn at once; variants take turns after each batch. @default 12 */
  readonly batch?: number;
  /** Milliseconds from any moment on: `() => performance.now()`. */
  readonly clock: () => number;
  /**
   * Awaited a few times a second while numbers are crunched, which else would hold up the thread for minutes: a promise
   * that resolves once the host has dealt with its events. @default none
   */
  readonly pause?: () => Promise<void>;
  /** Checked between every two runs of the model and at every pause; finished batches stay in the store. */
  readonly signal?: CancellationSignal;
  readonly onProgress?: (progress: EvaluationProgress) => void;
  /** 100 at least. @default 1000 */
  readonly resamples?: number;
  /** Of the intervals; between 0 and 1. @default 0.95 */
  readonly confidence?: number;
  /**
   * Differences that don't matter, to be set before any picture is drawn: absolute, in the metric's own unit. A feature network has
   * some, see `FeatureNetworkDescription`. @default none: nothing is `same`
   */
  readonly margins?: Readonly<Partial<Record<ComparedMetric, number>>>;
  /** Pairs of different names: [variant, against]. @default every variant against the first */
  readonly compare?: readonly (readonly [arm: string, against: string])[];
  /** Splits of the real pictures for the floors. @default 10 */
  readonly splits?: number;
}

/** The part of an evaluation's options that drawing depends on. */
export type DrawingOptions = Required<Pick<EvaluateOptions, 'seed' | 'batch'>> &
  Pick<
    EvaluateOptions,
    | 'model'
    | 'classes'
    | 'prompts'
    | 'variants'
    | 'n'
    | 'network'
    | 'store'
    | 'clock'
    | 'signal'
    | 'onProgress'
  >;
