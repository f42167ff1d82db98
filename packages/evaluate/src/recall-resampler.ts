import type { Chunked } from './chunked.js';
import { type Manifold, NEIGHBOURS, squaredDistances } from './precision-recall.js';

/** Half of so many neighbours hold the third one but for 2 in 100,000 times, when the sphere reaches the last. */
const REACH = 24;

/**
 * Recall of a part of the generated pictures, with spheres that grow as their neighbours get fewer.
 *
 * Recall of resamples with repeated pictures would vary too little: a picture and its copy cover no more than one of
 * them. Halves without repetition vary about the whole as the whole does about the truth (the delete-half jackknife, Shao
 * and Wu 1989), and don't ask for a smooth statistic.
 *
 * @returns from which pictures are taken, [n] of 0 and 1, to recall
 */
export function* chunkedRecallResampler(
  generated: Manifold,
  real: Manifold,
): Chunked<(taken: Uint8Array) => number> {
  const { features } = generated;
  const count = generated.lengths.length;
  const reach = Math.min(REACH, count - 1);
  const distances = new Float64Array(count);
  const neighbours: Uint32Array[] = [];
  const squared: Float64Array[] = [];
  for (let j = 0; j < count; j++) {
    squaredDistances(features, j, generated, distances);
    distances[j] = Number.POSITIVE_INFINITY;
    const nearest = Uint32Array.from(distances.keys())
      .sort((a, b) => distances[a]! - distances[b]!)
      .slice(0, reach);
    neighbours.push(nearest);
    squared.push(Float64Array.from(nearest, (place) => distances[place]!));
    yield;
  }
  // Only pairs that some part may cover.
  const candidates: { readonly places: Uint32Array; readonly squared: Float64Array }[] = [];
  for (let i = 0; i < real.lengths.length; i++) {
    squaredDistances(real.features, i, generated, distances);
    const places = Uint32Array.from(distances.keys()).filter((j) => distances[j]! <= squared[j]![reach - 1]!);
    candidates.push({ places, squared: Float64Array.from(places, (j) => distances[j]!) });
    yield;
  }
  return (taken) => {
    const radii = neighbours.map((places, j) => {
      let found = 0;
      const last = places.findIndex((place) => taken[place] === 1 && ++found === NEIGHBOURS);
      return squared[j]![last < 0 ? reach - 1 : last]!;
    });
    const covered = candidates.filter(({ places, squared }) =>
      places.some((j, at) => taken[j] === 1 && squared[at]! <= radii[j]!),
    );
    return covered.length / candidates.length;
  };
}
