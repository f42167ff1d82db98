import type { DescribeFailure } from '../model-loading/failure.js';
import type { PolicyChoice } from '../policies/policy-spec.js';
import type { Settings } from '../settings/settings.js';
import { Drawing, type DrawingState } from './drawing.js';
import { race } from './race.js';
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

/** Races several policies for the same picture. */
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
      const runs = await Promise.all(variants.map(({ policy }) => begin({ ...settings, policy }, signal)));
      for await (const { index, step, run } of race(runs)) {
        signal.throwIfAborted();
        const variant = variants[index]!;
        variants[index] = step
          ? { ...variant, steps: [...variant.steps, step] }
          : { ...variant, finished: run };
        update({ variants: [...variants] });
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
