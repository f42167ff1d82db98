import type { NitroConfig } from './nitro-config.js';

/**
 * Nitro-AR's position table, [L, D]: diffusers' two-dimensional sines and cosines of a larger grid, cut around its centre.
 * A row is [sin x·ω | cos x·ω | sin y·ω | cos y·ω], ω of D/4 frequencies from 1 to 1/10⁴, with the column x before the row y.
 * Coordinates are float32, angles float64.
 */
export function positionTable(
  { grid: { height: side }, positionExtent }: Pick<NitroConfig, 'grid' | 'positionExtent'>,
  width: number,
): Float32Array {
  const quarter = width / 4;
  const spacing = Math.fround(positionExtent / side);
  const offset = Math.floor((positionExtent - side) / 2);
  // The table is scaled for a grid of 16, its own coordinates aside.
  const scale = Math.max(Math.floor(side / 16), 1);
  const coordinate = (index: number): number => Math.fround(Math.fround((offset + index) / spacing) / scale);
  const table = new Float32Array(side * side * width);
  for (let position = 0; position < side * side; position++) {
    const ends = [coordinate(position % side), coordinate(Math.floor(position / side))];
    for (const [axis, end] of ends.entries()) {
      const first = position * width + axis * 2 * quarter;
      for (let k = 0; k < quarter; k++) {
        const angle = end / 10000 ** (k / quarter);
        table[first + k] = Math.sin(angle);
        table[first + quarter + k] = Math.cos(angle);
      }
    }
  }
  return table;
}
