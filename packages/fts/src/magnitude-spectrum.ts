import { assertInteger, assertShape } from '@tessera/core/model';
import FFT from 'fft.js';

/**
 * Writes |DFT(values)(n)| for n = 0 … ⌊D/2⌋ and returns `out`.
 *
 * @param values [D]
 * @param out [⌊D/2⌋ + 1]
 * @throws ShapeMismatchError where a length is another
 */
export type MagnitudeSpectrum = (values: Float32Array | Float64Array, out: Float64Array) => Float64Array;

/**
 * Prepares the exact magnitude spectrum of rows of one width. The transform, its tables and its buffers are made
 * once; a row allocates nothing. Not to be shared between threads.
 *
 * fft.js transforms powers of two only. With D = m·P, P the largest power of two in D, the DFT is put together from
 * the transforms F_r of every m-th value from r (the decimation in time of Cooley and Tukey):
 * X(n) = Σ_{r<m} exp(−2πi·rn/D)·F_r(n mod P). Zero-padding to a power of two would be a different spectrum, with
 * another ranking of tokens.
 *
 * @param width D, 1 or more; fast for a small odd factor m, O(D·m) in general
 * @throws InvalidOptionError where it is not an integer ≥ 1
 * @example
 * const spectrum = magnitudeSpectrum(4);
 * spectrum(Float32Array.of(1, -1, 1, -1), new Float64Array(3)); // 0, 0, 4
 */
export function magnitudeSpectrum(width: number): MagnitudeSpectrum {
  assertInteger('width', width, 1);
  let radix = 1;
  while (width % (radix * 2) === 0) radix *= 2;
  const parts = width / radix;
  const bins = Math.floor(width / 2) + 1;

  const transform = radix > 1 ? new FFT(radix) : undefined;
  const part = new Float64Array(radix);
  const spectra = Array.from({ length: parts }, () => new Float64Array(2 * radix));
  const cosines = Float64Array.from({ length: width }, (_, t) => Math.cos((2 * Math.PI * t) / width));
  const sines = Float64Array.from({ length: width }, (_, t) => -Math.sin((2 * Math.PI * t) / width));

  return (values, out) => {
    assertShape('values [D]', values, [width]);
    assertShape('out [⌊D/2⌋ + 1]', out, [bins]);
    for (let r = 0; r < parts; r++) {
      const spectrum = spectra[r]!;
      if (!transform) {
        spectrum[0] = values[r]!;
        continue;
      }
      for (let i = 0; i < radix; i++) part[i] = values[i * parts + r]!;
      transform.realTransform(spectrum, part);
    }
    for (let n = 0; n < bins; n++) {
      // A real sequence has F(P − k) = conj F(k), so the upper half of each part is read from the lower one.
      const wrapped = n % radix;
      const mirrored = wrapped > radix / 2;
      const bin = 2 * (mirrored ? radix - wrapped : wrapped);
      const sign = mirrored ? -1 : 1;
      let real = 0;
      let imaginary = 0;
      for (let r = 0, twiddle = 0; r < parts; r++) {
        const spectrum = spectra[r]!;
        const a = spectrum[bin]!;
        const b = sign * spectrum[bin + 1]!;
        const c = cosines[twiddle]!;
        const s = sines[twiddle]!;
        real += a * c - b * s;
        imaginary += a * s + b * c;
        twiddle += n;
        if (twiddle >= width) twiddle -= width;
      }
      out[n] = Math.sqrt(real * real + imaginary * imaginary);
    }
    return out;
  };
}
