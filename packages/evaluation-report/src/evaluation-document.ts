import type { EvaluationReport, VariantReport } from '@tessera/evaluate';
import type { Recipe, SamplingConfig } from '@tessera/format';
import type { Environments, RecordedPart, TimingEnvironment } from './environment.js';

/** `tessera-judge, 1fcf71765a90`. */
export function networkText({ name, key }: Pick<EvaluationDocument['network'], 'name' | 'key'>): string {
  return `${name}, ${key}`;
}

/** Whether the variants' times can be compared. */
export function isTimed({ made, timing }: Pick<EvaluationDocument, 'made' | 'timing'>): boolean {
  return timing !== undefined || made.together;
}

/** `report.json`: what an evaluation found, and of what and with what it was made. */
export interface EvaluationDocument extends EvaluationReport {
  /** Each with all that decides how it is sampled. */
  readonly arms: readonly (VariantReport & { readonly description: SamplingConfig })[];
  readonly network: EvaluationReport['network'] & {
    /** Of its graph and description: networks of one name may be of different trainings. */
    readonly key: string;
  };
  readonly reference: EvaluationReport['reference'] & {
    /** Of what the network sees in them: real pictures of one name and number may be others. */
    readonly key: string;
  };
  readonly model: Recipe['model'];
  readonly made: Environments & {
    readonly device: string;
    readonly dtype: string;
    /** The versions that measured; those that drew the pictures are in `versions`. */
    readonly measuredWith: Recipe['made']['versions'];
    /** Pictures drawn at once. */
    readonly batch: number;
    /** Whether all variants were drawn in the same sessions, so that the times of drawing can be compared. */
    readonly together: boolean;
    /** Pictures that were not drawn: they come with the network. Absent where all were. */
    readonly recorded?: readonly RecordedPart[];
  };
  /** Of the variants' times, where they were taken apart from the drawing; without it they are those of drawing. */
  readonly timing?: TimingEnvironment;
  /**
   * What was set otherwise when the folder was first evaluated with this network, a line each, e.g. `n: 240 → 1200`: what
   * is changed after a result was seen was not set beforehand.
   */
  readonly changes: readonly string[];
  /** A command that makes the same report. */
  readonly command: string;
}
