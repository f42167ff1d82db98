import type { StackSizes, TransformerSizes } from './transformer-sizes.js';

/** One row of a batch that goes through the transformer. */
export interface TransformerRow {
  /** V: the known tokens. */
  readonly visible: number;
  /** T: the positions whose z is wanted. */
  readonly targets: number;
}

/** What a row computes anew where it takes keys and values from the step before: LazyMAR's cached tokens. */
export interface ReusedRow {
  /** P: tokens decoded since then. */
  readonly previous: number;
  /** Rows of the decoder that go on behind block `cut`. */
  readonly kept: number;
  /** c: the decoder's block after whose keys and values rows are dropped, from 0. */
  readonly cut: number;
}

/** Rows of a block: those whose keys and values it computes, those that ask, and those that they attend to. */
interface BlockRows {
  readonly own: number;
  readonly queries: number;
  readonly seen: number;
}

/**
 * Floating-point operations of the transformer's matrix products for one row of a batch: two for each multiplication
 * with its addition; normalisation, softmax and activations don't count.
 *
 * The encoder runs over the buffer and the visible tokens. The decoder runs over buffer and all positions, but its last
 * block needs keys and values of all of them and everything else of the targets alone.
 *
 * @param reused absent where everything is computed
 */
export function transformerFlops(
  sizes: TransformerSizes,
  { visible, targets }: TransformerRow,
  reused?: ReusedRow,
): number {
  const { length, channels, buffer, encoder, decoder } = sizes;
  const all = buffer + length;
  const fresh = reused?.previous ?? visible;
  const { kept, cut } = reused ?? { kept: all, cut: decoder.depth };
  const encoded = buffer + fresh;
  let sum =
    product(fresh, channels, encoder.width) +
    encoder.depth * blockFlops(encoder, { own: encoded, queries: encoded, seen: buffer + visible }) +
    product(encoded, encoder.width, decoder.width);
  for (let block = 0; block < decoder.depth; block++) {
    const own = block > cut ? kept : all;
    const isLast = block + 1 === decoder.depth;
    const queries = block === cut ? kept : isLast ? targets : own;
    sum += blockFlops(decoder, { own, queries, seen: all });
  }
  return sum;
}

function blockFlops({ width, hidden }: StackSizes, { own, queries, seen }: BlockRows): number {
  return (
    product(own, width, 2 * width) +
    product(queries, width, width) +
    product(queries, width, seen) +
    product(queries, seen, width) +
    product(queries, width, width) +
    product(queries, width, hidden) +
    product(queries, hidden, width)
  );
}

/** [rows, inner] × [inner, columns]. */
export function product(rows: number, inner: number, columns: number): number {
  return 2 * rows * inner * columns;
}
