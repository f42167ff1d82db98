import { generateImages, type MaskedModel } from '@tessera/core';
import {
  type ClassInput,
  type ConditionImage,
  headEffort,
  maskedPositions,
  proxyModel,
} from '@tessera/core/model';
import { fakeModel } from '@tessera/core/testing';
import type { Sampling } from '@tessera/format';
import { product, transformerFlops } from './transformer-flops.js';
import type { TransformerSizes } from './transformer-sizes.js';

/** A MAR model, as far as its work depends on it. */
export interface ModelSizes extends TransformerSizes {
  readonly grid: { readonly height: number; readonly width: number };
  /** Residual blocks of the head. */
  readonly head: { readonly width: number; readonly depth: number };
}

/** Floating-point operations of matrix products: two for each multiplication with its addition. */
export interface CountedFlops {
  readonly transformer: number;
  readonly head: number;
}

/** The head's blocks whose updates LazyMAR takes as a whole: 1 to 4. */
const INNER_BLOCKS = 4;

/**
 * Counts what it takes to draw the tokens of one image, without a model: the loop runs on one of simple arithmetic, and what is
 * asked of it is added up. The autoencoder doesn't count, nor does the embedding of timesteps, one a step for all tokens.
 *
 * @param sizes the sizes of the model that would draw
 */
export async function countFlops(sizes: ModelSizes, { clamp, ...sampling }: Sampling): Promise<CountedFlops> {
  const counted = { transformer: 0, head: 0 };
  const { height, width } = sizes.grid;
  const fake = fakeModel({ shape: { height, width, channels: sizes.channels }, width: 4 });
  const conditionFlops = conditionCounter(sizes);
  const model: MaskedModel<ClassInput> = proxyModel(fake, {
    condition(request) {
      for (const image of request.batch) counted.transformer += conditionFlops(image);
      return fake.condition(request);
    },
    sampleTokens(request) {
      const { batch, coefficients, reuse } = request;
      for (const { rows, conditions } of batch) {
        const halves = conditions.guided ? 2 : 1;
        counted.head += projectionFlops(sizes, rows.length * halves);
        for (const index of coefficients.steps.keys()) {
          const effort = headEffort(reuse, index, coefficients.steps.length);
          counted.head += headFlops(sizes, rows.length, effort === 'full' ? halves : effort);
        }
      }
      return fake.sampleTokens(request);
    },
    evaluateHead(request) {
      for (const { rows, conditions } of request.batch) {
        const halves = conditions.guided ? 2 : 1;
        counted.head += projectionFlops(sizes, rows.length * halves) + headFlops(sizes, rows.length, halves);
      }
      return fake.evaluateHead(request);
    },
  });
  const requests = [{ seed: 0, input: { classLabel: 0 } }];
  await generateImages({ model, requests, ...sampling, ...(clamp === null ? {} : { clamp }) });
  return counted;
}

/** What the transformer computes for one image of a request after the other. */
function conditionCounter(sizes: ModelSizes): (image: ConditionImage<unknown>) => number {
  const { length, buffer, decoder } = sizes;
  // Where models are cut unless asked otherwise; see `caches` of `convertModel`.
  const cut = Math.min(3, Math.floor(decoder.depth / 3));
  let cached = new Set<number>();
  return ({ grid, positions, guided, reuse }) => {
    const known = [...grid.known.keys()].filter((position) => grid.known[position]);
    const visible = known.length;
    const halves = guided && !(reuse?.guidance && !reuse.refresh) ? 2 : 1;
    const previous = known.filter((position) => !cached.has(position)).length;
    if (reuse) cached = new Set(known);
    const { tokens } = reuse ?? {};
    if (reuse?.refresh && reuse.guidance && guided)
      return halves * transformerFlops(sizes, { visible, targets: maskedPositions(grid.known).length });
    const row = { visible, targets: positions.length };
    if (!tokens || reuse!.refresh) return halves * transformerFlops(sizes, row);
    const all = buffer + length;
    const least = positions.length + previous + tokens.extraRows;
    const kept = Math.min(all, Math.max(least, Math.floor(all * tokens.keptShare)));
    return halves * transformerFlops(sizes, row, { previous, kept, cut });
  };
}

/** z of some rows as the head takes it. */
function projectionFlops({ decoder, head }: ModelSizes, rows: number): number {
  return product(rows, decoder.width, head.width);
}

/**
 * The head on tokens at a diffusion step.
 *
 * @param effort how many halves run in full; or what the conditional one computes of its blocks
 */
function headFlops({ channels, head }: ModelSizes, tokens: number, effort: 1 | 2 | 'outer' | 'none'): number {
  const { width, depth } = head;
  const outer = depth - Math.max(0, Math.min(INNER_BLOCKS, depth - 1));
  const halves = typeof effort === 'number' ? effort : 1;
  // Pieces of modulation, and layers of blocks, each [width, width]: three and two a block, two of the end.
  const pieces = effort === 'none' ? outer + 2 : 3 * depth + 2;
  const layers = effort === 'none' ? 0 : 2 * (effort === 'outer' ? outer : depth);
  return (
    product(tokens, channels, width) +
    product(halves * tokens, width, (pieces + layers) * width + 2 * channels)
  );
}
