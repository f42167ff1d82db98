/** A number with the interval that resampling the pictures gives it. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** A number that varies from picture to picture: its quartiles. */
export interface Quartiles {
  readonly lower: number;
  readonly median: number;
  readonly upper: number;
}

/** What a difference says, given a margin that was set beforehand. */
export type Verdict = 'better' | 'same' | 'worse' | 'undecided';

/** Metrics that variants are compared in. Of the two distances less is better, of recall and score more. */
export type ComparedMetric = 'frechet' | 'kid' | 'recall' | 'score';

/**
 * Differences that don't matter, each in its metric's own unit; null where none was set. Reports from before recall was
 * compared have none in it.
 */
export type Margins = Readonly<Record<'frechet' | 'kid', number | null>> & {
  readonly recall?: number | null;
  /** Of pictures of prompts alone. */
  readonly score?: number | null;
};

/**
 * What `count` real pictures score against all others. Those are fewer than a variant is held against, so a perfect sampler
 * comes out a little below in Fréchet distance: the floor is too high by `floorExcess`.
 */
export interface Baseline {
  /** Over the splits. */
  readonly mean: number;
  /** Standard deviation over the splits. */
  readonly spread: number;
}

/** How good a variant's pictures are. */
export interface VariantMetrics {
  /** Fréchet distance to the reference; its interval is for this number of pictures. */
  readonly frechet: Estimate;
  /** Kernel distance (KID) to the reference; unbiased, so it may be negative. */
  readonly kid: Estimate;
  /** Share of pictures among the real ones, 0 … 1; of n or, where they are fewer, as many as there are real ones. */
  readonly precision: number;
  /** Share of real pictures among the variant's, 0 … 1; of as many. */
  readonly recall: number;
  /** Share of pictures that show what was asked for; null where the network knows no classes. */
  readonly classAccuracy: number | null;
  /**
   * Mean distance between pictures of one class, relative to that between real ones: 1 is as varied as they are. Null
   * where the real pictures' classes are unknown.
   */
  readonly diversity: number | null;
  /** Kind of damage → share of pictures that show it, `none` among them; null where the network knows none. */
  readonly damages: Readonly<Record<string, number>> | null;
  /** Of pictures of prompts. */
  readonly prompts?: PromptScore;
}

/** How many pictures show what their prompts ask for. */
export interface PromptScore {
  /** Share over all pictures; skills count alike. */
  readonly score: Estimate;
  /** Skill → share of its pictures. */
  readonly skills: Readonly<Record<string, number>>;
  /** Share among the prompts whose combination training showed, of the skills that also have others; null without any. */
  readonly seen: number | null;
  /** Share among the prompts whose combination no training picture showed; null without any. */
  readonly heldOut: number | null;
}

export interface VariantReport {
  readonly name: string;
  /** What the caller said of it: enough to draw its pictures again. */
  readonly description: unknown;
  /** Seconds an image; pictures of one batch share its time evenly. */
  readonly secondsPerImage: Quartiles;
  /** How many times as fast as the first variant at the same pictures, which were drawn right before. */
  readonly speedup: Quartiles;
  /** Rows that the head is evaluated on, an image, on average: tokens × steps of the sampler, twice where guided. */
  readonly headEvaluations: number;
  /** Passes of the transformer an image, on average; a guided step makes two. */
  readonly passes: number;
  readonly metrics: VariantMetrics;
}

export interface Comparison {
  readonly arm: string;
  readonly against: string;
  readonly metric: ComparedMetric;
  /** `arm` minus `against`: below 0 where `arm` is better, in recall above 0. */
  readonly difference: Estimate;
  /** Null where none was set: nothing is `same` then. */
  readonly margin: number | null;
  readonly verdict: Verdict;
}

/** Everything an evaluation found. Plain JSON. */
export interface EvaluationReport {
  readonly format: 'tessera-evaluation';
  readonly version: 1;
  /** Pictures a variant. */
  readonly n: number;
  /** Classes asked for in turn; of prompts, skills. */
  readonly classes: number;
  /** Of prompts. */
  readonly skills?: readonly string[];
  readonly seed: number;
  readonly network: { readonly name: string; readonly width: number };
  /** The real pictures, and what the network makes of them where that is known. */
  readonly reference: {
    readonly name: string;
    readonly count: number;
    readonly classAccuracy: number | null;
    readonly damages: Readonly<Record<string, number>> | null;
  };
  readonly resamples: number;
  /** Of every interval, e.g. 0.95. */
  readonly confidence: number;
  readonly margins: Margins;
  readonly floors: {
    /**
     * Pictures on the side that stands for a variant: n, or half of the real ones if those are fewer than 2n. Below n the
     * floors are no variant's to compare with: distances grow as pictures get fewer.
     */
    readonly count: number;
    readonly splits: number;
    readonly frechet: Baseline;
    readonly kid: Baseline;
    readonly precision: Baseline;
    readonly recall: Baseline;
  };
  /** In the order given. */
  readonly arms: readonly VariantReport[];
  /** Of every pair asked for, a line a metric. */
  readonly comparisons: readonly Comparison[];
}
