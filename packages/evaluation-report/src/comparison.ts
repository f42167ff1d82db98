import { generateImages, type ImageRgb } from '@tessera/core';
import { samplingWork } from '@tessera/core/model';
import { buildSampling, inputOf, type Picture } from '@tessera/format';
import type { RunStatistics } from '@tessera/onnx';
import type { LoadedModel } from '@tessera/runtime-node';
import type { Variant } from './variant.js';

export interface CompareOptions {
  readonly model: LoadedModel;
  readonly variants: readonly Variant[];
  readonly seed: number;
  readonly pictures: readonly Picture[];
  readonly signal: AbortSignal;
  /** Whether each variant makes a picture that is not counted first. @default true */
  readonly warmUp?: boolean;
  onPicture?(made: { variant: string; picture: Picture; seconds: number; done: number; total: number }): void;
}

/** One picture by one variant. */
export interface TimedRun {
  readonly picture: Picture;
  readonly image: ImageRgb;
  readonly seconds: number;
  /** Of it, inside each graph. */
  readonly transformerSeconds: number;
  readonly headSeconds: number;
  readonly decoderSeconds: number;
  readonly steps: number;
  /** Conditional and unconditional passes of the transformer. */
  readonly transformerPasses: number;
  /** Tokens × diffusion steps, twice where guided. */
  readonly headEvaluations: number;
}

export interface VariantRuns {
  readonly variant: Variant;
  /** One a picture. */
  readonly runs: readonly TimedRun[];
}

/**
 * The same pictures by each variant, one picture at a time and the variants in turn, each picture starting with
 * another one, so that what else the machine does falls on all alike.
 */
export async function compare(options: CompareOptions): Promise<VariantRuns[]> {
  const { model, variants, seed, pictures, signal, warmUp = true, onPicture } = options;
  const runs = variants.map((): TimedRun[] => []);
  const total = variants.length * pictures.length;
  if (warmUp && pictures[0]) {
    for (const variant of variants) await timedRun(model, variant, seed, pictures[0], signal);
  }
  let done = 0;
  for (const [round, picture] of pictures.entries()) {
    for (let turn = 0; turn < variants.length; turn++) {
      const place = (round + turn) % variants.length;
      const made = await timedRun(model, variants[place]!, seed, picture, signal);
      runs[place]!.push(made);
      done++;
      onPicture?.({ variant: variants[place]!.name, picture, seconds: made.seconds, done, total });
    }
  }
  return variants.map((variant, place) => ({ variant: variant, runs: runs[place]! }));
}

async function timedRun(
  model: LoadedModel,
  { sampling }: Variant,
  seed: number,
  picture: Picture,
  signal: AbortSignal,
): Promise<TimedRun> {
  const choices = buildSampling(sampling);
  const before = await model.runStatistics();
  const began = performance.now();
  const [made] = await generateImages({
    model,
    requests: [{ seed, imageIndex: picture.index, input: inputOf(picture) }],
    ...choices,
    signal,
  });
  const seconds = (performance.now() - began) / 1000;
  const after = await model.runStatistics();
  const work = samplingWork(made!.steps);
  const spent = (...graphs: readonly (keyof RunStatistics)[]): number =>
    graphs.reduce(
      (sum, graph) => sum + ((after[graph]?.milliseconds ?? 0) - (before[graph]?.milliseconds ?? 0)) / 1000,
      0,
    );
  return {
    picture,
    image: made!.image,
    seconds,
    transformerSeconds: spent('transformer', 'transformer-cached'),
    headSeconds: spent(
      'embed',
      'project',
      'modulate',
      'denoise',
      'modulate-cached',
      'denoise-outer',
      'denoise-cached',
    ),
    decoderSeconds: spent('decoder'),
    steps: made!.steps.length,
    transformerPasses: work.passes,
    headEvaluations: work.headEvaluations,
  };
}
