import { describe, expect, it } from 'vitest';
import { pictureGrid } from './picture-grid.js';

describe('pictureGrid', () => {
  it('puts pictures side by side, row by row', () => {
    const plain = (value: number) => ({ width: 1, height: 2, data: new Uint8Array(6).fill(value) });
    const { width, height, data } = pictureGrid([1, 2, 3, 4].map(plain), 2);
    expect([width, height]).toEqual([2, 4]);
    const reds = Array.from({ length: 8 }, (_, pixel) => data[pixel * 3]);
    expect(reds).toEqual([1, 2, 1, 2, 3, 4, 3, 4]);
  });
});
