import { type ClassInput, type GenerateOptions, generate, type TokenGrid } from '@tessera/core';
import type { PlannedStep } from '@tessera/core/model';
import { type Run, raisedPositions } from './step-record.js';

export interface RecordRunOptions extends Omit<GenerateOptions<ClassInput>, 'requests'> {
  readonly seed: number;
  /** Also the picture's index within its seed, so that `tessera generate` on the command line draws the same. */
  readonly classLabel: number;
  /** Tokens to keep. @default none */
  readonly start?: TokenGrid | undefined;
  /** The time in milliseconds; never falls. @default performance.now */
  readonly now?: () => number;
}

/** Makes a picture and records every step of it. */
export async function* recordRun(options: RecordRunOptions): Run {
  const { seed, classLabel, start, now = () => performance.now(), ...rest } = options;
  const image = { seed, imageIndex: classLabel, input: { classLabel }, ...(start ? { start } : {}) };
  let planned: PlannedStep | undefined;
  let startedAt = now();
  for await (const event of generate({ ...rest, requests: [image] })) {
    if (event.type === 'step-start') {
      planned = event.batch[0]!;
    } else if (event.type === 'step-end') {
      const milliseconds = now() - startedAt;
      const step = event.batch[0]!;
      yield {
        index: event.step,
        stage: step.plan.stage,
        positions: step.plan.positions,
        diffusionSteps: step.plan.diffusionSteps,
        chosen: raisedPositions(planned!, step),
        guidanceScale: step.guidanceScale,
        milliseconds,
        headEvaluations: step.work.headEvaluations,
        picture: await event.preview(0),
      };
      startedAt = now();
    } else {
      return { image: event.image, grid: event.grid };
    }
  }
  throw new Error('The generation ended without a picture.');
}
