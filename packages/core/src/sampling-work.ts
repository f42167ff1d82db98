/** What it takes to sample an image: the same on every machine. */
export interface SamplingWork {
  /** Passes of the transformer; a guided step makes two, unless it takes the difference of an earlier one. */
  readonly passes: number;
  /** Rows of z that these passes compute: the step's tokens, twice if it is guided; all masked ones for later steps. */
  readonly conditionRows: number;
  /**
   * Rows that the head is evaluated on: tokens × evaluations of the sampler, twice if guided. An evaluation that takes all
   * blocks' results from earlier ones counts nothing, one of the outer blocks the conditional rows.
   */
  readonly headEvaluations: number;
}

/** The work of several steps. */
export function samplingWork(steps: readonly { readonly work: SamplingWork }[]): SamplingWork {
  const sum = (of: (work: SamplingWork) => number): number =>
    steps.reduce((all, { work }) => all + of(work), 0);
  return {
    passes: sum(({ passes }) => passes),
    conditionRows: sum(({ conditionRows }) => conditionRows),
    headEvaluations: sum(({ headEvaluations }) => headEvaluations),
  };
}
