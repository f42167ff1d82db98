import { assertInteger, assertShape, ShapeMismatchError } from './errors.js';

/** A grid of `height·width` latent tokens with `channels` values each; position p = row·width + column. */
export interface GridShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** The picture so far. Values at positions that are not `known` carry no meaning. */
export interface TokenGrid {
  readonly shape: GridShape;
  /** [L, C], row-major. */
  readonly tokens: Float32Array;
  /** [L], 1 where the token is known, 0 where it is masked. */
  readonly known: Uint8Array;
}

/** L: the number of positions of a grid. */
export function gridLength(shape: Pick<GridShape, 'height' | 'width'>): number {
  return shape.height * shape.width;
}

/**
 * A grid whose tokens are all masked.
 *
 * @throws InvalidOptionError where an extent is not an integer ≥ 1
 */
export function emptyGrid(shape: GridShape): TokenGrid {
  assertInteger('shape.height', shape.height, 1);
  assertInteger('shape.width', shape.width, 1);
  assertInteger('shape.channels', shape.channels, 1);
  const length = gridLength(shape);
  return { shape, tokens: new Float32Array(length * shape.channels), known: new Uint8Array(length) };
}

/**
 * A copy that shares no memory with `grid`.
 *
 * @throws ShapeMismatchError where its arrays are not as long as its shape says
 */
export function copyGrid(grid: TokenGrid): TokenGrid {
  const length = gridLength(grid.shape);
  assertShape('grid.tokens [L, C]', grid.tokens, [length, grid.shape.channels]);
  assertShape('grid.known [L]', grid.known, [length]);
  return { shape: grid.shape, tokens: grid.tokens.slice(), known: grid.known.slice() };
}

/**
 * Throws {@link ShapeMismatchError} unless a grid has the extents `expected`, and arrays as long as they say.
 *
 * @param what names the grid in the error
 */
export function assertGrid(what: string, { shape, known, tokens }: TokenGrid, expected: GridShape): void {
  const extents = [expected.height, expected.width, expected.channels];
  const actual = [shape.height, shape.width, shape.channels];
  if (extents.join() !== actual.join()) {
    throw new ShapeMismatchError(`${what}.shape [height, width, channels]`, extents, actual);
  }
  const length = gridLength(expected);
  assertShape(`${what}.known [L]`, known, [length]);
  assertShape(`${what}.tokens [L, C]`, tokens, [length, expected.channels]);
}

/** The positions of a grid that are still masked, ascending. */
export function maskedPositions(known: Uint8Array): Uint32Array {
  const positions: number[] = [];
  for (let position = 0; position < known.length; position++) if (!known[position]) positions.push(position);
  return Uint32Array.from(positions);
}

/**
 * Latents [C, height·P, width·P] → tokens [L, C·P²]; a token's channels run (c, p, q), channel c·P² + p·P + q
 * (MAR, `patchify`).
 *
 * @param shape the latent's channels, and height and width of the grid of tokens
 * @param patchSize P, 1 or more
 * @throws InvalidOptionError where P is not an integer ≥ 1, ShapeMismatchError where there are more or fewer values
 */
export function patchify(
  latents: Float32Array,
  shape: { readonly channels: number; readonly height: number; readonly width: number },
  patchSize: number,
): Float32Array {
  return rearrange(latents, shape, patchSize, false);
}

/**
 * Tokens [L, C·P²] → latents [C, height·P, width·P], the inverse of {@link patchify}, with its options and errors.
 */
export function unpatchify(
  tokens: Float32Array,
  shape: { readonly channels: number; readonly height: number; readonly width: number },
  patchSize: number,
): Float32Array {
  return rearrange(tokens, shape, patchSize, true);
}

/** `shape`: the latent's channels and the *token* grid's height and width. */
function rearrange(
  source: Float32Array,
  shape: { readonly channels: number; readonly height: number; readonly width: number },
  patchSize: number,
  toLatents: boolean,
): Float32Array {
  const { channels, height, width } = shape;
  assertInteger('patchSize', patchSize, 1);
  const tokenWidth = channels * patchSize * patchSize;
  if (toLatents) assertShape('tokens [L, C·P²]', source, [height * width, tokenWidth]);
  else assertShape('latents [C, H·P, W·P]', source, [channels, height * patchSize, width * patchSize]);
  const target = new Float32Array(source.length);
  const latentWidth = width * patchSize;
  let latent = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height * patchSize; y++) {
      const row = Math.floor(y / patchSize) * width;
      const channel = c * patchSize * patchSize + (y % patchSize) * patchSize;
      for (let x = 0; x < latentWidth; x++, latent++) {
        const token = (row + Math.floor(x / patchSize)) * tokenWidth + channel + (x % patchSize);
        if (toLatents) target[latent] = source[token]!;
        else target[token] = source[latent]!;
      }
    }
  }
  return target;
}
