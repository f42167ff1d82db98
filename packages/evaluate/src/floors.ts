import { keyedNoise } from '@tessera/core';
import type { EvaluationReport, Floor } from './evaluation-report.js';
import { frechetDistance, frechetReference } from './frechet-distance.js';
import { kernelFloor } from './kernel-floor.js';
import type { KernelReference } from './kernel-reference.js';
import { manifoldOf, precisionAndRecall } from './precision-recall.js';
import type { ReferencePictures } from './reference-pictures.js';
import { splitReference } from './reference-split.js';
import { selectRows } from './row-products.js';

export type Floors = EvaluationReport['floors'];

/** What real pictures score in one split. */
export type FloorSample = Readonly<Record<'frechet' | 'kid' | 'precision' | 'recall', number>>;

/** Pictures on the side that stands for an arm of n: n itself, or half of the real ones where those are too few. */
export function floorCount(n: number, realCount: number): number {
  return Math.min(n, Math.floor(realCount / 2));
}

/**
 * What real pictures score against the other real ones: `count` of them stand for an arm's. The other side is smaller by
 * as many than it is for an arm, which makes the floor's Fréchet distance a few per cent too large.
 *
 * @param split which one; the same number gives the same split everywhere
 */
export function floorSample(
  reference: ReferencePictures,
  kernel: KernelReference,
  options: { readonly count: number; readonly seed: number; readonly split: number },
): FloorSample {
  const { count, seed, split } = options;
  const { features, width } = reference;
  const parts = splitReference(reference, count, keyedNoise({ seed }).fork('split', split));
  const { chosen, rest } = parts;
  const side = selectRows(features, chosen, width);
  return {
    frechet: frechetDistance(side, frechetReference(selectRows(features, rest, width), width)),
    kid: kernelFloor(kernel, parts),
    ...precisionAndRecall(
      manifoldOf(side, width),
      manifoldOf(selectRows(features, rest.subarray(0, count), width), width),
    ),
  };
}

/** Mean and standard deviation over the splits. */
export function floorsOf(samples: readonly FloorSample[], count: number): Floors {
  const floor = (metric: keyof FloorSample): Floor => {
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
