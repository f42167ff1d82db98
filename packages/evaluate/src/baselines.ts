import { keyedNoise } from '@tessera/core';
import type { Chunked } from './chunked.js';
import type { Baseline, EvaluationReport } from './evaluation-report.js';
import { chunkedFrechetDistance, chunkedFrechetReference } from './frechet-distance.js';
import { kernelBaseline } from './kernel-baseline.js';
import type { KernelReference } from './kernel-reference.js';
import { chunkedManifold, chunkedPrecisionAndRecall } from './precision-recall.js';
import type { ReferencePictures } from './reference-pictures.js';
import { splitReference } from './reference-split.js';
import { selectRows } from './row-products.js';

export type Baselines = EvaluationReport['floors'];

/** What real pictures score in one split. */
export type BaselineSample = Readonly<Record<'frechet' | 'kid' | 'precision' | 'recall', number>>;

/** Pictures on the side that stands for a variant of n: n itself, or half of the real ones where those are too few. */
export function baselineCount(n: number, realCount: number): number {
  return Math.min(n, Math.floor(realCount / 2));
}

/**
 * What real pictures score against the other real ones: `count` of them stand for a variant's. The other side is smaller by
 * as many than it is for a variant, which makes the floor's Fréchet distance too large, see {@link baselineExcess}.
 *
 * @param split which one; the same number gives the same split everywhere
 * @throws InvalidOptionError where the reference's labels leave a part without two pictures of a class
 */
export function* baselineSample(
  reference: ReferencePictures,
  kernel: KernelReference,
  options: { readonly count: number; readonly seed: number; readonly split: number },
): Chunked<BaselineSample> {
  const { count, seed, split } = options;
  const { features, width } = reference;
  const parts = splitReference(reference, count, keyedNoise({ seed }).fork('split', split));
  const { chosen, rest } = parts;
  const side = selectRows(features, chosen, width);
  const others = yield* chunkedFrechetReference(selectRows(features, rest, width), width);
  const asMany = yield* chunkedManifold(selectRows(features, rest.subarray(0, count), width), width);
  return {
    frechet: yield* chunkedFrechetDistance(side, others),
    kid: yield* kernelBaseline(kernel, parts),
    ...(yield* chunkedPrecisionAndRecall(yield* chunkedManifold(side, width), asMany)),
  };
}

/**
 * By what share a floor in Fréchet distance lies above what real pictures would score against as many as a variant is held
 * against: the distance of two samples of one distribution goes by 1/n + 1/m, and here m is smaller by n. About 0.04 where
 * m = 5n, a third where m = 2n.
 *
 * @param count n, pictures of the floor
 * @param realCount m, all real pictures
 */
export function baselineExcess(count: number, realCount: number): number {
  return (1 / count + 1 / (realCount - count)) / (1 / count + 1 / realCount) - 1;
}

/** Mean and standard deviation over the splits. */
export function baselinesOf(samples: readonly BaselineSample[], count: number): Baselines {
  const floor = (metric: keyof BaselineSample): Baseline => {
    const mean = samples.reduce((sum, sample) => sum + sample[metric], 0) / samples.length;
    const squares = samples.reduce((sum, sample) => sum + (sample[metric] - mean) ** 2, 0);
    return { mean, spread: samples.length > 1 ? Math.sqrt(squares / (samples.length - 1)) : 0 };
  };
  return {
    count,
    splits: samples.length,
    frechet: floor('frechet'),
    kid: floor('kid'),
    precision: floor('precision'),
    recall: floor('recall'),
  };
}
