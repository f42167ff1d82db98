import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { magnitudeSpectrum } from './magnitude-spectrum.js';

/** |DFT(values)(n)| for n = 0 … ⌊D/2⌋, by the definition. */
function plainMagnitudes(values: Float64Array): Float64Array {
  const width = values.length;
  return Float64Array.from({ length: Math.floor(width / 2) + 1 }, (_, n) => {
    let real = 0;
    let imaginary = 0;
    for (let t = 0; t < width; t++) {
      const angle = (2 * Math.PI * ((n * t) % width)) / width;
      real += values[t]! * Math.cos(angle);
      imaginary -= values[t]! * Math.sin(angle);
    }
    return Math.hypot(real, imaginary);
  });
}

const row = (width: number) =>
  fc
    .array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: width, maxLength: width })
    .map((values) => Float64Array.from(values));

const binsOf = (width: number) => new Float64Array(Math.floor(width / 2) + 1);

function largestDifference(a: Float64Array, b: Float64Array): number {
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}

describe('the magnitude spectrum', () => {
  it.each([64, 80, 768, 1024, 1280])('is that of a plain DFT at D = %d', (width) => {
    const spectrum = magnitudeSpectrum(width);
    const out = binsOf(width);
    fc.assert(
      fc.property(row(width), (values) => {
        const scale = values.reduce((sum, value) => sum + Math.abs(value), 1);
        expect(largestDifference(spectrum(values, out), plainMagnitudes(values)) / scale).toBeLessThan(1e-13);
      }),
      { numRuns: 8 },
    );
  });

  it('is that of a plain DFT at any width, odd ones included', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99 }).chain(row), (values) => {
        const spectrum = magnitudeSpectrum(values.length)(values, binsOf(values.length));
        expect(largestDifference(spectrum, plainMagnitudes(values))).toBeLessThan(1e-10);
      }),
    );
  });

  it('has the energy of the row (Parseval)', () => {
    const width = 1280;
    const values = Float32Array.from({ length: width }, (_, i) => Math.sin(i * i));
    const magnitudes = magnitudeSpectrum(width)(values, binsOf(width));
    const energy = magnitudes.reduce((sum, a, n) => sum + a * a * (n === 0 || n === width / 2 ? 1 : 2), 0);
    expect(energy / width).toBeCloseTo(
      values.reduce((sum, value) => sum + value * value, 0),
      9,
    );
  });

  it('is not touched by the rows before: its buffers carry nothing over', () => {
    const spectrum = magnitudeSpectrum(80);
    const values = Float64Array.from({ length: 80 }, (_, i) => Math.cos(i * 1.7));
    const fresh = spectrum(values, binsOf(80)).slice();
    spectrum(new Float64Array(80).fill(1e9), binsOf(80));
    expect(spectrum(values, binsOf(80))).toEqual(fresh);
  });

  it('of a cosine is one line', () => {
    const values = Float64Array.from({ length: 80 }, (_, i) => Math.cos((2 * Math.PI * 7 * i) / 80));
    const lines = [...magnitudeSpectrum(80)(values, binsOf(80))].map((a) => Math.round(a * 1e9) / 1e9);
    expect(lines).toEqual(Array.from({ length: 41 }, (_, n) => (n === 7 ? 40 : 0)));
  });

  it('checks the lengths of both arrays', () => {
    const spectrum = magnitudeSpectrum(8);
    expect(() => spectrum(new Float32Array(7), new Float64Array(5))).toThrow('values [D]');
    expect(() => spectrum(new Float32Array(8), new Float64Array(4))).toThrow('out [⌊D/2⌋ + 1]');
  });
});
