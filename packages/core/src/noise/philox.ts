/**
 * Philox4x32-10, a counter-based generator: a keyed bijection of 128-bit counters, so that any block can be had without
 * the ones before it (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011).
 *
 * @param counter four 32-bit words
 * @param key two 32-bit words
 * @param out receives four random words; may be `counter` itself
 */
export function philox4x32(
  counter: ArrayLike<number>,
  key: readonly [number, number],
  out: Uint32Array,
): Uint32Array {
  let [key0, key1] = key;
  let c0 = counter[0]!;
  let c1 = counter[1]!;
  let c2 = counter[2]!;
  let c3 = counter[3]!;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const low0 = Math.imul(0xd2511f53, c0);
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    c0 = high1 ^ c1 ^ key0;
    c1 = Math.imul(0xcd9e8d57, c2);
    c2 = high0 ^ c3 ^ key1;
    c3 = low0;
    key0 = (key0 + 0x9e3779b9) | 0;
    key1 = (key1 + 0xbb67ae85) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
  return out;
}

/** The upper 32 bits of the unsigned 64-bit product. A double holds 53 bits, so it is put together from halves. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + (middle >>> 16) + (carry >>> 16)) | 0;
}
