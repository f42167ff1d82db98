import { assertShape, type GridShape, gridLength, ShapeMismatchError, type TokenGrid } from '@tessera/core';

/**
 * Throws {@link ShapeMismatchError} unless a grid has the model's extents, and arrays as long as they say.
 *
 * @param expected the model's
 */
export function assertGrid({ shape, known, tokens }: TokenGrid, expected: GridShape): void {
  const extents = [expected.height, expected.width, expected.channels];
  const actual = [shape.height, shape.width, shape.channels];
  if (extents.join() !== actual.join()) {
    throw new ShapeMismatchError('grid.shape [height, width, channels]', extents, actual);
  }
  const length = gridLength(expected);
  assertShape('grid.known [L]', known, [length]);
  assertShape('grid.tokens [L, C]', tokens, [length, expected.channels]);
}
