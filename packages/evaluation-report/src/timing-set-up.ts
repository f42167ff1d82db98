import { threadsText } from './drawn-with.js';
import { type Machine, machineText } from './machine.js';

/** How variants were timed that were timed apart from the drawing: one picture at a time, the variants in turn. */
export interface TimingSetUp {
  /** Pictures a variant. */
  readonly pictures: number;
  /** CPU threads. */
  readonly threads: number;
  readonly machine: Machine;
}

/** `36 pictures of each variant, one at a time and the variants in turn, 2 threads, Some Processor (2 cores)`. */
export function timingText({ pictures, threads, machine }: TimingSetUp): string {
  return (
    `${pictures} pictures of each variant, one at a time and the variants in turn, ` +
    `${threadsText({ threads: [threads] })}, ${machineText(machine)}`
  );
}
