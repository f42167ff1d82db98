import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidOptionError, ShapeMismatchError, TesseraError } from './errors.js';
import { copyGrid, emptyGrid, gridLength, maskedPositions, patchify, unpatchify } from './grid.js';

const sizes = fc.record({
  channels: fc.integer({ min: 1, max: 4 }),
  height: fc.integer({ min: 1, max: 4 }),
  width: fc.integer({ min: 1, max: 4 }),
});

describe('patchify', () => {
  it('is undone by unpatchify for every size and patch size', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 3 }), (shape, patch) => {
        const latents = Float32Array.from(
          { length: shape.channels * gridLength(shape) * patch * patch },
          (_, i) => i,
        );
        const tokens = patchify(latents, shape, patch);
        expect([...tokens].sort((a, b) => a - b)).toEqual([...latents]);
        expect(unpatchify(tokens, shape, patch)).toEqual(latents);
      }),
    );
  });

  it('orders a token channel by channel, then row by row of its patch', () => {
    // Two channels, one token of 2×2.
    const latents = Float32Array.of(0, 1, 2, 3, 10, 11, 12, 13);
    expect(patchify(latents, { channels: 2, height: 1, width: 1 }, 2)).toEqual(latents);
    // One channel, two tokens beside each other.
    const wide = Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7);
    expect([...patchify(wide, { channels: 1, height: 1, width: 2 }, 2)]).toEqual([0, 1, 4, 5, 2, 3, 6, 7]);
  });

  it('refuses another number of values', () => {
    expect(() => patchify(new Float32Array(7), { channels: 1, height: 2, width: 1 }, 2)).toThrow(
      ShapeMismatchError,
    );
    expect(() => unpatchify(new Float32Array(7), { channels: 1, height: 2, width: 1 }, 2)).toThrow(
      'tokens [L, C·P²]: expected [2, 4]',
    );
  });
});

describe('grids', () => {
  it('begin masked everywhere', () => {
    const grid = emptyGrid({ height: 2, width: 3, channels: 4 });
    expect([...maskedPositions(grid.known)]).toEqual([0, 1, 2, 3, 4, 5]);
    expect(grid.tokens).toHaveLength(24);
    expect(() => emptyGrid({ height: 0, width: 3, channels: 4 })).toThrow(/shape\.height/);
  });

  it('are copied without sharing memory', () => {
    const grid = emptyGrid({ height: 1, width: 1, channels: 1 });
    const copy = copyGrid(grid);
    copy.tokens[0] = 1;
    copy.known[0] = 1;
    expect(grid).toEqual(emptyGrid(grid.shape));
    expect(() => copyGrid({ ...grid, known: new Uint8Array(2) })).toThrow(ShapeMismatchError);
  });
});

describe('errors', () => {
  it('are recognised though they come from another copy of the package', () => {
    const foreign = Object.assign(new Error('no'), { [Symbol.for('tessera.error')]: true, code: 'x' });
    expect(TesseraError.isInstance(foreign)).toBe(true);
    expect(TesseraError.isInstance(new TesseraError('x', 'no'))).toBe(true);
    expect(TesseraError.isInstance(new Error('no'))).toBe(false);
    expect(TesseraError.isInstance(null)).toBe(false);
  });

  it('are told apart by class, however they came', () => {
    const sent = Object.assign(new TesseraError('shape-mismatch', 'no'), { expected: [1], actual: [2] });
    expect(ShapeMismatchError.isInstance(sent)).toBe(true);
    expect(InvalidOptionError.isInstance(sent)).toBe(false);
    class OwnError extends TesseraError {}
    expect(OwnError.isInstance(sent)).toBe(false);
    expect(OwnError.isInstance(new OwnError('own', 'no'))).toBe(true);
  });

  it('carry their class in their name', () => {
    expect(new ShapeMismatchError('x', [1], [2])).toMatchObject({
      name: 'ShapeMismatchError',
      code: 'shape-mismatch',
    });
  });
});
