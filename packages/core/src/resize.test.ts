import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resizeBilinear } from './resize.js';

const fixture = JSON.parse(readFileSync(new URL('../fixtures/resized.json', import.meta.url), 'utf8')) as {
  width: number;
  height: number;
  data: number[];
  resized: { width: number; height: number; data: number[] }[];
};
const image = { ...fixture, data: Uint8Array.from(fixture.data) };

describe('resizeBilinear', () => {
  it.each(fixture.resized)('gives what Pillow gives at $width×$height', ({ width, height, data }) => {
    const resized = resizeBilinear(image, width, height);
    expect(resized).toHaveLength(data.length);
    for (const [i, value] of data.entries()) expect(Math.abs(resized[i]! - value)).toBeLessThan(1e-3);
  });

  it('leaves a picture of the same size as it is', () => {
    expect([...resizeBilinear(image, image.width, image.height)]).toEqual(fixture.data);
  });

  it('keeps a plain colour plain', () => {
    const size = fc.integer({ min: 1, max: 20 });
    fc.assert(
      fc.property(size, size, size, size, fc.nat(255), (width, height, toWidth, toHeight, value) => {
        const plain = { width, height, data: new Uint8Array(width * height * 3).fill(value) };
        for (const pixel of resizeBilinear(plain, toWidth, toHeight)) expect(pixel).toBeCloseTo(value, 3);
      }),
    );
  });
});
