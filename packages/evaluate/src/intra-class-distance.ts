import { assertShape } from '@tessera/core/model';
import { atOnce, type Chunked } from './chunked.js';
import { assertSharedLabel } from './kernel-reference.js';
import { assertFeatures } from './moments.js';
import { rowProducts, selectRows, squaredLengths } from './row-products.js';

/**
 * How varied the pictures of one class are: the mean distance between two of them, averaged over the classes that have
 * two. Its size is the network's; relative to that of real pictures it is 1 for pictures as varied as they are, and near
 * 0 for a sampler that draws the same picture again and again.
 *
 * @param features [n, width]
 * @param labels [n]
 * @throws InvalidOptionError where no two pictures are of one class, NonFiniteError where a feature is not finite
 */
export function intraClassDistance(features: Float32Array, labels: ArrayLike<number>, width: number): number {
  return atOnce(chunkedIntraClassDistance(features, labels, width));
}

/** {@link intraClassDistance}, a row a piece. */
export function* chunkedIntraClassDistance(
  features: Float32Array,
  labels: ArrayLike<number>,
  width: number,
): Chunked<number> {
  assertShape('features [n, width]', features, [labels.length, width]);
  assertFeatures('the pictures', features, width);
  assertSharedLabel('the pictures', labels);
  const places = new Map<number, number[]>();
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    const group = places.get(label);
    if (group) group.push(i);
    else places.set(label, [i]);
  }
  const groups = [...places.values()].filter((group) => group.length > 1);
  let sum = 0;
  for (const group of groups) sum += yield* meanDistance(selectRows(features, group, width), width);
  return sum / groups.length;
}

function* meanDistance(features: Float32Array, width: number): Chunked<number> {
  const lengths = squaredLengths(features, width);
  const count = lengths.length;
  const products = new Float64Array(count);
  let sum = 0;
  for (let i = 0; i + 1 < count; i++) {
    rowProducts(features, i, features, [i + 1, count], width, products);
    for (let j = i + 1; j < count; j++) {
      sum += Math.sqrt(Math.max(0, lengths[i]! + lengths[j]! - 2 * products[j - i - 1]!));
    }
    yield;
  }
  return sum / ((count * (count - 1)) / 2);
}
