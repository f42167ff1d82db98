import type { StepRecord } from '../run/step-record.js';

/** What is known of one token at a moment of the run. */
export interface TokenMark {
  readonly position: number;
  /** Place of its stage among the stages of the run, from 0. */
  readonly stage: number;
  /** When it was decoded, the last time, within its stage: 0 first … 1 last. */
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
 * A mark for each token that is known by the end of step `shown`, by the step that decoded it last.
 *
 * @param shown an index into `steps`; −1 for none
 */
export function tokenMarks(steps: readonly StepRecord[], shown: number): readonly TokenMark[] {
  const stages = stagesOf(steps);
  const stepsOfStage = stages.map((stage) => steps.filter((step) => step.stage === stage));
  const marks = new Map<number, TokenMark>();
  for (const [index, step] of steps.slice(0, shown + 1).entries()) {
    const stage = stages.indexOf(step.stage);
    const peers = stepsOfStage[stage]!;
    const order = peers.length === 1 ? 0 : peers.indexOf(step) / (peers.length - 1);
    const chosen = new Set(step.chosen);
    for (const position of step.positions)
      marks.set(position, {
        position,
        stage,
        order,
        current: index === shown,
        chosen: chosen.has(position),
      });
    for (const position of step.remasked) marks.delete(position);
  }
  return [...marks.values()];
}

/** [L], 1 for the tokens that are known after step `shown`. */
export function knownAfter(
  steps: readonly StepRecord[],
  shown: number,
  start: Uint8Array | undefined,
  length: number,
): Uint8Array {
  const known = start?.slice() ?? new Uint8Array(length);
  for (const { positions, remasked } of steps.slice(0, shown + 1)) {
    for (const position of positions) known[position] = 1;
    for (const position of remasked) known[position] = 0;
  }
  return known;
}
