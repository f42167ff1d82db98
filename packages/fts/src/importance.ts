/**
 * How much detail a token carries: s = Σ_{n=1…h} A(n)·(1 + n/h) with h = ⌊D/2⌋, so that the highest frequency counts
 * twice what the lowest does, and the mean A(0) not at all (GtR, arXiv 2510.17171, frequency-weighted selection).
 *
 * @param magnitudes A(n) for n = 0 … h, [h + 1]
 * @example
 * const spectrum = magnitudeSpectrum(768);
 * importance(spectrum(new Float32Array(768), new Float64Array(385))); // 0
 */
export function importance(magnitudes: ArrayLike<number>): number {
  const half = magnitudes.length - 1;
  let score = 0;
  for (let n = 1; n <= half; n++) score += magnitudes[n]! * (1 + n / half);
  return score;
}
