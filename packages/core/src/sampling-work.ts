/** What it takes to sample an image: the same on every machine. */
export interface SamplingWork {
  /**
   * Passes of the transformer; a guided step makes two, unless it takes the difference of an earlier one, and a refinement that
   * asks for losses one each time.
   */
  readonly passes: number;
  /**
   * Rows of z that these passes compute: the step's tokens, twice if it is guided; all masked ones for later steps; tokens that
   * are judged.
   */
  readonly conditionRows: number;
  /**
   * Rows that the head is evaluated on: tokens × evaluations of the sampler, twice if guided. An evaluation that takes all
   * blocks' results from earlier ones counts nothing, one of the outer blocks the conditional rows.
   */
  readonly headEvaluations: number;
}

/** Two amounts of work together. */
export function addedWork(one: SamplingWork, other: SamplingWork): SamplingWork {
  return {
    passes: one.passes + other.passes,
    conditionRows: one.conditionRows + other.conditionRows,
    headEvaluations: one.headEvaluations + other.headEvaluations,
  };
}

/** The work of several steps. */
export function samplingWork(steps: readonly { readonly work: SamplingWork }[]): SamplingWork {
  return steps.reduce((all, { work }) => addedWork(all, work), {
    passes: 0,
    conditionRows: 0,
    headEvaluations: 0,
  });
}
