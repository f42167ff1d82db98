import { keyedNoise, type NoiseSource, shuffle } from '@tessera/core';
import { assertInteger } from '@tessera/core/model';
import type { ReferencePictures } from './reference-pictures.js';
import { selectRows } from './row-products.js';

/** Real pictures in two parts. */
export interface ReferenceSplit {
  /** Places of the part that stands for a variant, [count]. */
  readonly chosen: Uint32Array;
  /** Places of all the others; where labels are known, any number of the first has the mix of classes of all. */
  readonly rest: Uint32Array;
}

/**
 * Chooses `count` real pictures at random, of each class in proportion, so that both parts have the mix of classes of
 * all: else their distance would be that of two mixes. Classes of one size have equally many among the chosen, to one.
 *
 * @param count less than there are
 */
export function splitReference(
  { features, width, labels }: ReferencePictures,
  count: number,
  noise: NoiseSource,
): ReferenceSplit {
  const total = features.length / width;
  assertInteger('count', count, 1, total - 1);
  const classes = new Map<number, number[]>();
  for (const place of shuffle(
    Array.from({ length: total }, (_, i) => i),
    noise,
  )) {
    const label = labels?.[place] ?? 0;
    const members = classes.get(label);
    if (members) members.push(place);
    else classes.set(label, [place]);
  }
  const groups = [...classes.entries()].sort(([a], [b]) => a - b).map(([, members]) => members);
  // Each class is spread evenly over the order, with a random start, so that every stretch has its share of each.
  const order = groups
    .flatMap((members) => {
      const start = noise.uniform();
      return members.map((place, i) => ({ place, rank: (i + start) / members.length }));
    })
    .sort((a, b) => a.rank - b.rank);
  const places = Uint32Array.from(order, ({ place }) => place);
  return { chosen: places.slice(0, count), rest: places.slice(count) };
}

/**
 * Real pictures in two halves of one mix of classes: one to choose by, one to confirm by. What a network sees in all of them
 * (`classAccuracy`, `damages`) is left out.
 *
 * @param seed decides which are in which
 */
export function halvesOfReference(
  reference: ReferencePictures,
  seed: number,
): readonly [ReferencePictures, ReferencePictures] {
  const { name, width, features, labels } = reference;
  const half = Math.floor(features.length / width / 2);
  const { chosen, rest } = splitReference(reference, half, keyedNoise({ seed }).fork('halves'));
  const part = (places: Uint32Array, which: string): ReferencePictures => ({
    name: `${which} half of ${name}`,
    width,
    features: selectRows(features, places, width),
    ...(labels ? { labels: Int32Array.from(places, (place) => labels[place]!) } : {}),
  });
  return [part(chosen, 'one'), part(rest, 'the other')];
}
