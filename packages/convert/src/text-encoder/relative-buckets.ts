/**
 * T5's buckets of relative positions, [T, T], query by key: half of the buckets for keys behind the query, half of those for
 * single distances, and the rest growing by a constant ratio up to `maxDistance` (arXiv 1910.10683, section 2.1).
 */
export function relativeBuckets(length: number, buckets: number, maxDistance: number): Uint8Array {
  const half = buckets / 2;
  const single = half / 2;
  return Uint8Array.from({ length: length * length }, (_, i) => {
    const relative = (i % length) - Math.floor(i / length);
    const distance = Math.abs(relative);
    const ratio = Math.log(distance / single) / Math.log(maxDistance / single);
    const bucket =
      distance < single
        ? distance
        : Math.min(half - 1, single + Math.floor(Math.fround(ratio * (half - single))));
    return bucket + (relative > 0 ? half : 0);
  });
}
