import type { Tensor } from 'onnxruntime-common';
import type { NetworkDescription } from './network-description.js';
import type { FoundThing } from './scene-prompts.js';

/** How a network's cells are told. */
type Cells = NonNullable<NetworkDescription['cells']>;

/** Channels of a cell: whether a thing is there, which, in its own or another colour, and how large. */
export function cellChannels({ things, colours, sizes }: Cells): number {
  return 1 + things.length + 1 + colours.length + sizes.length;
}

/**
 * The things of each picture: cells more likely than not to be a middle, and no less likely than all around.
 *
 * @param logits [n, channels, rows, columns]
 */
export function thingsIn(logits: Tensor, cells: Cells): FoundThing[][] {
  const [count = 0, channels = 0, rows = 0, columns = 0] = logits.dims;
  const data = logits.data as Float32Array;
  const area = rows * columns;
  return Array.from({ length: count }, (_, picture) => {
    const planes = data.subarray(picture * channels * area, (picture + 1) * channels * area);
    const found: FoundThing[] = [];
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        if (isMiddle(planes, { rows, columns, row, column, apart: cells.apart })) {
          found.push({ ...described(planes, row * columns + column, area, cells), row, column });
        }
      }
    }
    return found;
  });
}

function isMiddle(
  planes: Float32Array,
  {
    rows,
    columns,
    row,
    column,
    apart,
  }: Readonly<Record<'rows' | 'columns' | 'row' | 'column' | 'apart', number>>,
): boolean {
  const here = planes[row * columns + column]!;
  if (!(here > 0)) return false;
  for (let y = Math.max(0, row - apart); y <= Math.min(rows - 1, row + apart); y++) {
    for (let x = Math.max(0, column - apart); x <= Math.min(columns - 1, column + apart); x++) {
      if (planes[y * columns + x]! > here) return false;
    }
  }
  return true;
}

function described(
  planes: Float32Array,
  cell: number,
  area: number,
  { things, colours, sizes }: Cells,
): Pick<FoundThing, 'thing' | 'colour' | 'size'> {
  const likeliest = (first: number, length: number): number => {
    let best = 0;
    for (let k = 1; k < length; k++) {
      if (planes[(first + k) * area + cell]! > planes[(first + best) * area + cell]!) best = k;
    }
    return best;
  };
  const thing = likeliest(1, things.length);
  const colour = likeliest(1 + things.length, 1 + colours.length);
  const size = likeliest(2 + things.length + colours.length, sizes.length);
  return { thing, colour: colour === 0 ? null : colours[colour - 1]!, size: sizes[size]! };
}
