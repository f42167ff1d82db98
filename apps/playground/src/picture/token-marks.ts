import type { StepRecord } from '../run/step-record.js';

/** What is known of one token at a moment of the run. */
export interface TokenMark {
  readonly position: number;
  /** Place of its stage among the stages of the run, from 0. */
  readonly stage: number;
  /** When it was decoded within its stage: 0 first … 1 last. */
  readonly order: number;
  /** Whether the step shown decoded it. */
  readonly current: boolean;
  /** Whether FTS gave it more diffusion steps. */
  readonly chosen: boolean;
}

/** The stages of a run, in the order they appear. */
export function stagesOf(steps: readonly StepRecord[]): readonly string[] {
  return [...new Set(steps.map(({ stage }) => stage))];
}

/**
 * A mark for each token that is decoded by the end of step `shown`.
 *
 * @param shown an index into `steps`; −1 for none
 */
export function tokenMarks(steps: readonly StepRecord[], shown: number): readonly TokenMark[] {
  const stages = stagesOf(steps);
  const stepsOfStage = stages.map((stage) => steps.filter((step) => step.stage === stage));
  return steps.slice(0, shown + 1).flatMap((step, index) => {
    const stage = stages.indexOf(step.stage);
    const peers = stepsOfStage[stage]!;
    const order = peers.length === 1 ? 0 : peers.indexOf(step) / (peers.length - 1);
    const chosen = new Set(step.chosen);
    return Array.from(step.positions, (position) => ({
      position,
      stage,
      order,
      current: index === shown,
      chosen: chosen.has(position),
    }));
  });
}

/** [L], 1 for the tokens that are known after step `shown`. */
export function knownAfter(
  steps: readonly StepRecord[],
  shown: number,
  start: Uint8Array | undefined,
  length: number,
): Uint8Array {
  const known = start?.slice() ?? new Uint8Array(length);
  for (const { positions } of steps.slice(0, shown + 1))
    for (const position of positions) known[position] = 1;
  return known;
}
