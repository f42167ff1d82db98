import { type GeneratedImage, generateImages, type ImageRgb } from '@tessera/core';
import { proxyModel } from '@tessera/core/model';
import type { ComponentName } from '@tessera/format';
import { classesOf } from '@tessera/format';
import type { RunStatistics } from '@tessera/onnx';
import type { LoadedModel } from '@tessera/runtime-node';
import { transformerFlops } from './transformer-flops.js';
import type { TransformerSizes } from './transformer-sizes.js';
import type { BenchVariant } from './variants.js';

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
  model: LoadedModel,
  sizes: TransformerSizes,
  arm: BenchVariant,
  { seed, batch }: { readonly seed: number; readonly batch: number },
): Promise<Measurement> {
  let peakMemory = process.memoryUsage.rss();
  const watch = setInterval(() => {
    peakMemory = Math.max(peakMemory, process.memoryUsage.rss());
  }, MEMORY_INTERVAL);
  try {
    const before = await model.runStatistics();
    const began = performance.now();
    const images = await generateImages({
      model: withoutMissingDecoder(model),
      requests: Array.from({ length: batch }, (_, index) => ({
        seed,
        imageIndex: index,
        input: { classLabel: (seed + index) % classesOf(model.manifest).count },
      })),
      policy: arm.policy,
      ...(arm.reuse ? { reuse: arm.reuse } : {}),
    });
    const wall = performance.now() - began;
    const after = await model.runStatistics();
    const spent = (names: readonly ComponentName[]): number =>
      difference(before, after, names, 'milliseconds');
    assertFinite(images, arm.name);
    return {
      wall,
      transformer: spent(TRANSFORMER),
      head: spent(HEAD),
      decoder: spent(['decoder']),
      transformerRuns: difference(before, after, TRANSFORMER, 'runs'),
      tokenSteps: sum(images, ({ steps }) => sum(steps, ({ work }) => work.headEvaluations / work.passes)),
      transformerFlops: arm.reuse ? undefined : sum(images, (image) => imageFlops(sizes, image)),
      peakMemory: Math.max(peakMemory, process.memoryUsage.rss()),
    };
  } finally {
    clearInterval(watch);
  }
}

/** The transformer's work for an image: a row a step, two where the step was guided. */
export function imageFlops(sizes: TransformerSizes, { steps }: Pick<GeneratedImage, 'steps'>): number {
  let visible = 0;
  return sum(steps, ({ plan, work }) => {
    const targets = plan.positions.length;
    const flops = transformerFlops(sizes, { visible, targets }) * work.passes;
    visible += targets;
    return flops;
  });
}

/** What a model without an autoencoder draws. */
export const EMPTY_PICTURE: ImageRgb = { width: 0, height: 0, data: new Uint8Array() };

/** A model without an autoencoder ends at its tokens: the pictures are empty. */
function withoutMissingDecoder(model: LoadedModel): LoadedModel {
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
  return sum(names, (name) => (after[name]?.[key] ?? 0) - (before[name]?.[key] ?? 0));
}

function sum<T>(values: Iterable<T>, of: (value: T) => number): number {
  let total = 0;
  for (const value of values) total += of(value);
  return total;
}
