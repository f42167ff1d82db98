import type { Chunked } from './chunked.js';
import { assertSharedLabel, type KernelReference, kernel } from './kernel-reference.js';
import { pairMean } from './pair-mean.js';
import type { ReferenceSplit } from './reference-split.js';
import { rowProducts, selectRows } from './row-products.js';

/**
 * The kernel distance between the pictures `chosen` of a reference and all its others: what real pictures score. A row
 * a piece.
 *
 * @param chosen at least two places, all different, at least two less than there are
 * @throws InvalidOptionError where a part has no two pictures of a class
 */
export function* kernelBaseline(
  reference: KernelReference,
  { chosen, rest }: ReferenceSplit,
): Chunked<number> {
  const { features, labels, width, rowSums, classRowSums, pairs } = reference;
  const side = selectRows(features, chosen, width);
  const sideLabels = Array.from(chosen, (place) => labels[place]!);
  const restLabels = Array.from(rest, (place) => labels[place]!);
  for (const part of [sideLabels, restLabels]) {
    assertSharedLabel(`${part.length} pictures of the reference`, part);
  }
  const { length } = chosen;
  const products = new Float64Array(length);
  const within = { same: 0, other: 0 };
  let across = 0;
  let acrossSame = 0;
  for (const [i, place] of chosen.entries()) {
    rowProducts(side, i, side, [i, length], width, products);
    const own = kernel(products[0]!, width);
    across += rowSums[place]! - own;
    acrossSame += classRowSums[place]! - own;
    for (let j = i + 1; j < length; j++) {
      const value = kernel(products[j - i]!, width);
      if (sideLabels[i] === sideLabels[j]) within.same += value;
      else within.other += value;
    }
    yield;
  }
  across -= 2 * (within.same + within.other);
  acrossSame -= 2 * within.same;
  const restPairs = {
    same: pairs.same - within.same - acrossSame,
    other: pairs.other - within.other - (across - acrossSame),
  };
  return (
    pairMean(sideLabels, within) + pairMean(restLabels, restPairs) - (2 * across) / (length * rest.length)
  );
}
