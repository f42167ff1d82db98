import {
  type EditedImage,
  type EditOptions,
  edit,
  type GenerateOptions,
  generate,
  type ModelInput,
} from '@tessera/core';
import type { PlannedStep } from '@tessera/core/model';
import { type Condition, requestOf } from '../settings/condition.js';
import { type Run, raisedPositions } from './step-record.js';

/** What an edit begins from. Plain data. */
export type PictureEditOptions = Pick<
  EditOptions<ModelInput>,
  'image' | 'mask' | 'grid' | 'growTokens' | 'outpaint'
>;

export interface RecordRunOptions extends Omit<GenerateOptions<ModelInput>, 'requests'> {
  readonly seed: number;
  readonly condition: Condition;
  /** The picture of which a part is drawn anew. @default a new picture */
  readonly edit?: PictureEditOptions | undefined;
  /** The time in milliseconds; never falls. @default performance.now */
  readonly now?: () => number;
}

/** Makes a picture and records every step of it. */
export async function* recordRun(options: RecordRunOptions): Run {
  const { seed, condition, edit: edited, now = () => performance.now(), ...rest } = options;
  const request = { seed, ...requestOf(condition) };
  const events = edited
    ? edit({ ...rest, ...request, ...edited })
    : generate({ ...rest, requests: [request] });
  let planned: PlannedStep | undefined;
  let startedAt = now();
  for (;;) {
    const next = await events.next();
    if (next.done) {
      const [result] = next.value.results;
      const { image, grid } = result!;
      return { image, grid, ...('mask' in result! ? { repainted: (result as EditedImage).mask } : {}) };
    }
    const event = next.value;
    if (event.type === 'step-start') {
      planned = event.batch[0]!;
    } else if (event.type === 'step-end') {
      const milliseconds = now() - startedAt;
      const step = event.batch[0]!;
      yield {
        index: event.step,
        ...(event.progress.steps === undefined ? {} : { stepsInAll: event.progress.steps }),
        tokensInAll: event.progress.tokens,
        stage: step.plan.stage,
        positions: step.plan.positions,
        remasked: step.plan.remasked ?? new Uint32Array(),
        diffusionSteps: step.plan.diffusionSteps,
        chosen: raisedPositions(planned!, step),
        guidanceScale: step.guidanceScale,
        milliseconds,
        passes: step.work.passes,
        headEvaluations: step.work.headEvaluations,
        picture: await event.preview(0),
      };
      startedAt = now();
    }
  }
}
