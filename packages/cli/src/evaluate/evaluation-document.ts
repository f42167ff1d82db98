import type { EvaluationReport } from '@tessera/evaluate';
import type { Recipe } from '@tessera/recipe';

/** `report.json`: what an evaluation found, and of what and with what it was made. */
export interface EvaluationDocument extends EvaluationReport {
  readonly model: Recipe['model'];
  readonly made: Recipe['made'] & {
    readonly threads: number;
    /** Pictures drawn at once. */
    readonly batch: number;
    readonly processor: string;
    readonly cores: number;
    /** Whether all arms were drawn in the same sittings, so that their times can be compared. */
    readonly together: boolean;
  };
  /** A command that makes the same report. */
  readonly command: string;
}
