import {
  type GridShape,
  type GuidanceSchedule,
  generate,
  type ModelInput,
  type NoiseSource,
  refine,
  type SamplingPolicy,
} from '@tessera/core';
import type { CoefficientsSampler } from '@tessera/core/diffusion';
import { type ImageStep, type ReuseSchedule, unpatchify } from '@tessera/core/model';
import { type Check, compare } from './compare.js';
import type { ConvertedMar } from './converted-models.js';
import { GoldenDataError } from './golden-data-error.js';
import { type GoldenTensors, rowsOf } from './golden-files.js';
import type { JsonFields } from './json-fields.js';
import type { NoisePool } from './noise-pool.js';

/** A run of the sampling loop with recorded decisions and noise. */
export interface RecordedRun {
  /** Which recorded images to make, as one batch. */
  readonly images: readonly number[];
  /** [B] of all recorded images. */
  readonly inputs: readonly ModelInput[];
  readonly shape: GridShape;
  readonly pool: NoisePool;
  /** `imageOf` tells which recorded image a policy is asked about. */
  policy(imageOf: (noise: NoiseSource) => number): SamplingPolicy;
  readonly guidance: GuidanceSchedule;
  readonly sampler: CoefficientsSampler;
  readonly temperature: number;
  readonly reuse?: ReuseSchedule;
  /** Steps whose conditions are wanted. @default the first */
  readonly conditionsAt?: readonly number[];
}

/** z that a step's tokens were sampled from, [n, D] an image, one after the other; the latter if guided. */
export interface RecordedConditions {
  readonly conditional: number[];
  readonly unconditional: number[];
}

export interface RunResult {
  /** Tokens [L, C] by recorded image. */
  readonly tokens: ReadonlyMap<number, Float32Array>;
  /** [K][images]: every step as it was carried out. */
  readonly steps: readonly (readonly ImageStep[])[];
  /** By step. */
  readonly conditions: ReadonlyMap<number, RecordedConditions>;
}

/** Runs {@link generate} up to the last token; no picture is made, for the models here have no decoder. */
export async function replayRun(
  run: RecordedRun,
  { model }: Pick<ConvertedMar, 'model'>,
): Promise<RunResult> {
  // Recorded noise does not fork: a policy and a refinement see the very source that was made for the image.
  const owners = new Map<NoiseSource, number>();
  const imageOf = (noise: NoiseSource): number => {
    const image = owners.get(noise);
    if (image === undefined) throw new GoldenDataError('A policy was given noise that is not the recording.');
    return image;
  };
  const seen = new Map<number, RecordedConditions>();
  for (const step of run.conditionsAt ?? [0]) seen.set(step, { conditional: [], unconditional: [] });
  const policy = refine(run.policy(imageOf), async (plan, { step, conditions }) => {
    const rows = seen.get(step);
    if (rows) {
      for (const value of await conditions.read()) rows.conditional.push(value);
      if (conditions.guided)
        for (const value of await conditions.readUnconditional()) rows.unconditional.push(value);
    }
    return plan;
  });
  const events = generate({
    model,
    requests: run.images.map((image) => ({
      seed: 0,
      index: image,
      input: run.inputs[image]!,
    })),
    gridSize: run.shape,
    policy,
    guidance: run.guidance,
    temperature: run.temperature,
    clamp: null,
    sampler: run.sampler,
    ...(run.reuse ? { reuse: run.reuse } : {}),
    noise: ({ batchIndex }) => {
      const image = run.images[batchIndex]!;
      const source = run.pool.image(image);
      owners.set(source, image);
      return source;
    },
  });
  const steps: (readonly ImageStep[])[] = [];
  const tokens = new Map<number, Float32Array>();
  for await (const event of events) {
    if (event.type !== 'step-end') continue;
    steps.push(event.batch);
    const grids = event.grids();
    if (grids.some(({ known }) => known.includes(0))) continue;
    for (const [place, grid] of grids.entries()) tokens.set(run.images[place]!, grid.tokens);
    break;
  }
  return { tokens, steps, conditions: seen };
}

/** The shape of a case's grid: that of its `seq_h` and `seq_w`, else the model's. */
export function caseShape(fields: JsonFields, { model }: ConvertedMar): GridShape {
  const side = (name: string, own: number): number => (fields.has(name) ? fields.number(name) : own);
  const { height, width, channels } = model.shape;
  return { height: side('seq_h', height), width: side('seq_w', width), channels };
}

/** `tokens` [B, L, C], where recorded, and `latents` [B, Cv, H, W] of a recorded file. */
export function checkPictures(
  file: GoldenTensors,
  tokens: ReadonlyMap<number, Float32Array>,
  tolerance: number,
  { height, width, channels }: GridShape,
  { model }: Pick<ConvertedMar, 'model'>,
): readonly Check[] {
  const { latents } = model.manifest;
  const cells = [latents.channels, height * latents.patchSize, width * latents.patchSize];
  const images = [...tokens.keys()].sort((a, b) => a - b);
  const expectedTokens = file.has('tokens')
    ? rowsOf(file.get('tokens', [images.length, height * width, channels]))
    : undefined;
  const expectedLatents = rowsOf(file.get('latents', [images.length, ...cells]));
  return images.flatMap((image) => {
    const actual = tokens.get(image)!;
    const shape = { channels: latents.channels, height, width };
    return [
      ...(expectedTokens
        ? [compare(`tokens of image ${image}`, actual, expectedTokens[image] ?? [], tolerance)]
        : []),
      compare(
        `latents of image ${image}`,
        unpatchify(actual, shape, latents.patchSize),
        expectedLatents[image] ?? [],
        tolerance,
      ),
    ];
  });
}
