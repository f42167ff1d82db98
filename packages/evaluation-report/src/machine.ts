import { cpus } from 'node:os';

/** What times hang on beside what is timed. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
}

/** The one that this runs on. */
export function thisMachine(): Machine {
  const processors = cpus();
  return { processor: processors[0]?.model.trim() ?? 'unknown', cores: processors.length };
}

/** `Some Processor (2 cores)`. */
export function machineText({ processor, cores }: Machine): string {
  return `${processor} (${cores} ${cores === 1 ? 'core' : 'cores'})`;
}
