import type { DescribeFailure } from '../model-loading/failure.js';
import type { PolicyChoice } from '../policies/policy-spec.js';
import type { Settings } from '../settings/settings.js';
import { Drawing, type DrawingState } from './drawing.js';
import { followRun, leaveRun } from './follow-run.js';
import { type FinishedRun, type Run, type StepRecord, totals } from './step-record.js';

/** One of the policies that are compared, and its picture as far as it has come. */
export interface Variant {
  readonly title: string;
  readonly policy: PolicyChoice;
  readonly steps: readonly StepRecord[];
  readonly finished?: FinishedRun;
}

/** The settings of a comparison are those of all variants, but for the policy. */
export type ComparisonState = DrawingState & { readonly variants: readonly Variant[] };

/** Races several policies for the same picture. The runs take turns, so that the fastest is finished first. */
export class Comparison extends Drawing<{ readonly variants: readonly Variant[] }> {
  constructor(describe?: DescribeFailure) {
    super({ variants: [] }, describe);
  }

  start(
    settings: Settings,
    entries: readonly Pick<Variant, 'title' | 'policy'>[],
    begin: (settings: Settings, signal: AbortSignal) => Run | Promise<Run>,
  ): Promise<void> {
    return this.draw(settings, async (signal, update) => {
      const variants: Variant[] = entries.map((entry) => ({ ...entry, steps: [] }));
      update({ variants: [...variants] });
      const change = (index: number, to: Partial<Variant>): void => {
        variants[index] = { ...variants[index]!, ...to };
        update({ variants: [...variants] });
      };
      const runs = await Promise.all(variants.map(({ policy }) => begin({ ...settings, policy }, signal)));
      try {
        await Promise.all(
          runs.map(async (run, index) => {
            const steps: StepRecord[] = [];
            const finished = await followRun(run, signal, (step) => {
              steps.push(step);
              change(index, { steps: [...steps] });
            });
            change(index, { finished });
          }),
        );
      } finally {
        // Where one fails, the others are left.
        for (const run of runs) leaveRun(run);
      }
      return {};
    });
  }
}

/** How many times as fast as the first variant; undefined until both are finished. */
export function speedUp([first]: readonly Variant[], variant: Variant): number | undefined {
  if (!first?.finished || !variant.finished) return undefined;
  return totals(first.steps).milliseconds / totals(variant.steps).milliseconds;
}
