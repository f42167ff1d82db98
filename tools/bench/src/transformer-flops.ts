import type { TransformerSizes } from './transformer-sizes.js';

/** One row of a batch that goes through the transformer. */
export interface TransformerRow {
  /** V: the known tokens. */
  readonly visible: number;
  /** T: the positions whose z is wanted. */
  readonly targets: number;
}

/**
 * Floating-point operations of the transformer's matrix products for one row of a batch: two for each multiplication
 * with its addition; normalisation, softmax and activations don't count.
 *
 * The encoder runs over the buffer and the visible tokens. The decoder runs over buffer and all positions, but its last
 * block needs keys and values of all of them and everything else of the targets alone.
 */
export function transformerFlops(sizes: TransformerSizes, { visible, targets }: TransformerRow): number {
  const { length, channels, buffer, encoder, decoder } = sizes;
  const known = buffer + visible;
  const all = buffer + length;
  const block = (queries: number, keys: number, width: number, hidden: number): number =>
    product(keys, width, 2 * width) +
    product(queries, width, width) +
    product(queries, width, keys) +
    product(queries, keys, width) +
    product(queries, width, width) +
    product(queries, width, hidden) +
    product(queries, hidden, width);
  return (
    product(visible, channels, encoder.width) +
    encoder.depth * block(known, known, encoder.width, encoder.hidden) +
    product(known, encoder.width, decoder.width) +
    (decoder.depth - 1) * block(all, all, decoder.width, decoder.hidden) +
    block(targets, all, decoder.width, decoder.hidden)
  );
}

/** [rows, inner] × [inner, columns]. */
function product(rows: number, inner: number, columns: number): number {
  return 2 * rows * inner * columns;
}
