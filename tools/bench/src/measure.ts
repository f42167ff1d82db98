import {
  type GeneratedImage,
  type GenerateOptions,
  generateImages,
  type ImageRequest,
  type ImageRgb,
  type MaskedModel,
  type ModelInput,
} from '@tessera/core';
import { proxyModel } from '@tessera/core/model';
import type { ComponentName } from '@tessera/format';
import { classesOf } from '@tessera/format';
import type { RunStatistics } from '@tessera/onnx';
import type { LoadedModel } from '@tessera/runtime-node';
import { transformerFlops } from './transformer-flops.js';
import type { TransformerSizes } from './transformer-sizes.js';
import type { BenchVariant } from './variants.js';

/** What of a model is looked at. */
export type TimedModel = MaskedModel<ModelInput> & Pick<LoadedModel, 'manifest' | 'runStatistics'>;

/** One batch made with one variant. Times in milliseconds, of the whole batch. */
export interface Measurement {
  readonly wall: number;
  /** Inside onnxruntime. */
  readonly transformer: number;
  readonly head: number;
  readonly decoder: number;
  readonly transformerRuns: number;
  /** Tokens × diffusion steps, guided or not; `tessera` counts head evaluations, which are twice as many where guided. */
  readonly tokenSteps: number;
  /** Unknown of a sampler that reuses: which rows go on, each picture decides. */
  readonly transformerFlops: number | undefined;
  /** The process's largest resident memory while it ran, in bytes, weights and all. */
  readonly peakMemory: number;
}

const TRANSFORMER: readonly ComponentName[] = ['transformer', 'transformer-cached'];
const HEAD: readonly ComponentName[] = [
  ...(['embed', 'project', 'modulate', 'denoise'] as const),
  ...(['modulate-cached', 'denoise-outer', 'denoise-cached'] as const),
];
/** How often memory is looked at, in milliseconds; this thread is idle while the model works in its own. */
const MEMORY_INTERVAL = 10;

/**
 * Makes `batch` images with a variant, seeds and classes given by `seed` alone.
 */
export async function measure(
  model: TimedModel,
  sizes: TransformerSizes,
  arm: BenchVariant,
  drawing: Drawing,
): Promise<Measurement> {
  const { result: images, ...times } = await timed(model, () =>
    generateImages({ ...samplingOf(model, arm), requests: requestsOf(model, drawing) }),
  );
  assertFinite(images, arm.name);
  return {
    ...times,
    tokenSteps: total(images, ({ steps }) => total(steps, ({ work }) => work.headEvaluations / work.passes)),
    transformerFlops: arm.reuse ? undefined : total(images, (image) => imageFlops(sizes, image)),
  };
}

/** What is drawn, whoever draws it. */
export interface Drawing {
  readonly seed: number;
  /** Images at once. */
  readonly batch: number;
}

/** The images of a drawing. */
export function requestsOf(model: TimedModel, { seed, batch }: Drawing): ImageRequest<ModelInput>[] {
  return Array.from({ length: batch }, (_, index) => ({
    seed,
    imageIndex: index,
    input: { classLabel: (seed + index) % classesOf(model.manifest).count },
  }));
}

/** A model and how it is sampled, without pictures where it can make none. */
export function samplingOf(
  model: TimedModel,
  { policy, reuse }: BenchVariant,
): Pick<GenerateOptions<ModelInput>, 'model' | 'policy' | 'reuse'> {
  return { model: withoutMissingDecoder(model), policy, ...(reuse ? { reuse } : {}) };
}

type Times = Omit<Measurement, 'tokenSteps' | 'transformerFlops'>;

/** Runs something with a model, and tells what it took. */
export async function timed<T>(
  model: TimedModel,
  run: () => Promise<T>,
): Promise<Times & { readonly result: T }> {
  let peakMemory = process.memoryUsage.rss();
  const watch = setInterval(() => {
    peakMemory = Math.max(peakMemory, process.memoryUsage.rss());
  }, MEMORY_INTERVAL);
  try {
    const before = await model.runStatistics();
    const began = performance.now();
    const result = await run();
    const wall = performance.now() - began;
    const after = await model.runStatistics();
    const spent = (names: readonly ComponentName[]): number =>
      difference(before, after, names, 'milliseconds');
    return {
      result,
      wall,
      transformer: spent(TRANSFORMER),
      head: spent(HEAD),
      decoder: spent(['decoder']),
      transformerRuns: difference(before, after, TRANSFORMER, 'runs'),
      peakMemory: Math.max(peakMemory, process.memoryUsage.rss()),
    };
  } finally {
    clearInterval(watch);
  }
}

/** The transformer's work for an image: a row a step, two where the step was guided. */
export function imageFlops(sizes: TransformerSizes, { steps }: Pick<GeneratedImage, 'steps'>): number {
  let visible = 0;
  return total(steps, ({ plan, work }) => {
    const targets = plan.positions.length;
    const flops = transformerFlops(sizes, { visible, targets }) * work.passes;
    visible += targets;
    return flops;
  });
}

/** What a model without an autoencoder draws. */
export const EMPTY_PICTURE: ImageRgb = { width: 0, height: 0, data: new Uint8Array() };

/** A model without an autoencoder ends at its tokens: the pictures are empty. */
function withoutMissingDecoder(model: TimedModel): TimedModel {
  if (model.manifest.variants[0]!.components.decoder) return model;
  return proxyModel(model, { decode: async (grids) => grids.map(() => EMPTY_PICTURE) });
}

function assertFinite(images: readonly GeneratedImage[], arm: string): void {
  if (!images.every(({ grid }) => grid.tokens.every(Number.isFinite))) {
    throw new Error(`${arm} made tokens that are not finite: its times mean nothing.`);
  }
}

function difference(
  before: RunStatistics,
  after: RunStatistics,
  names: readonly ComponentName[],
  key: 'runs' | 'milliseconds',
): number {
  return total(names, (name) => (after[name]?.[key] ?? 0) - (before[name]?.[key] ?? 0));
}

/** The sum of what each value counts. */
export function total<T>(values: Iterable<T>, of: (value: T) => number): number {
  let sum = 0;
  for (const value of values) sum += of(value);
  return sum;
}
