import { assertShape } from '@tessera/core/model';
import type { MeasuredPicture } from './evaluation-store.js';
import type { FeatureNetworkDescription } from './feature-network-description.js';

/** Seconds, the class and the kind of damage that the network saw (−1 for none): before a picture's features. */
const BESIDE = 3;

/** A variant whose pictures 0 … count − 1 were drawn before: what `feature-network.json` says of it. */
export type RecordedVariant = NonNullable<FeatureNetworkDescription['recorded']>[number];

/**
 * Pictures in order as numbers, [count, 3 + width] float32 little-endian: seconds, class and damage seen, features.
 *
 * @param pictures those of one variant by index, none left out; found things are not recorded
 */
export function recordedBytes(pictures: readonly MeasuredPicture[]): Uint8Array {
  const width = pictures[0]?.features.length ?? 0;
  const bytes = new DataView(new ArrayBuffer(pictures.length * (BESIDE + width) * 4));
  let place = 0;
  const put = (value: number): void => {
    bytes.setFloat32(place, value, true);
    place += 4;
  };
  for (const { seconds, seenClass, seenDamage, features } of pictures) {
    for (const value of [seconds, seenClass ?? -1, seenDamage ?? -1]) put(value);
    for (const value of features) put(value);
  }
  return new Uint8Array(bytes.buffer);
}

/**
 * The pictures that {@link recordedBytes} wrote.
 *
 * @param width features a picture
 * @throws ShapeMismatchError where the bytes are not of so many pictures
 */
export function recordedPictures(
  { count, passes, headEvaluations }: Pick<RecordedVariant, 'count' | 'passes' | 'headEvaluations'>,
  bytes: Uint8Array,
  width: number,
): MeasuredPicture[] {
  const size = (BESIDE + width) * 4;
  assertShape('recorded pictures [bytes]', bytes, [count * size]);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const known = (value: number): number | null => (value < 0 ? null : value);
  return Array.from({ length: count }, (_, index) => {
    const at = (place: number): number => view.getFloat32(index * size + place * 4, true);
    return {
      index,
      features: Float32Array.from({ length: width }, (_, k) => at(BESIDE + k)),
      seenClass: known(at(1)),
      seenDamage: known(at(2)),
      ...{ seconds: at(0), passes, headEvaluations },
    };
  });
}
