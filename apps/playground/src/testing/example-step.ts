import type { StepRecord } from '../run/step-record.js';

/** For tests: a step that decodes one token of a picture of one pixel, but for what is given. */
export const exampleStep = (step: Partial<StepRecord> = {}): StepRecord => ({
  index: 0,
  tokensInAll: 256,
  stage: 'generation',
  positions: new Uint32Array(1),
  remasked: new Uint32Array(),
  diffusionSteps: new Uint16Array(1),
  chosen: new Uint32Array(),
  guidanceScale: 1,
  milliseconds: 1,
  passes: 1,
  headEvaluations: 1,
  picture: { width: 1, height: 1, data: new Uint8Array(3) },
  ...step,
});
