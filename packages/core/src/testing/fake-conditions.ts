import { ConditionRows, memoryTensor } from '../condition-rows.js';
import type { TokenGrid } from '../grid.js';
import type { ClassInput, ConditionImage } from '../model.js';

/** z [n, D] by simple arithmetic from the position, the label and the known tokens. */
export function fakeConditions(image: ConditionImage<ClassInput>, width: number): ConditionRows {
  const { grid, positions, input, guided } = image;
  const means = knownMeans(grid);
  const count = positions.length;
  const rows = Float32Array.from({ length: count * width * (guided ? 2 : 1) }, (_, i) => {
    const row = Math.floor(i / width);
    const place = (positions[row % count]! + 1) * ((i % width) + 1);
    const label = row < count ? (input.classLabel ?? -1) : -1;
    return Math.sin(0.37 * place + label) + means[(i % width) % means.length]!;
  });
  return ConditionRows.split(memoryTensor(rows), width, [{ count, guided }])[0]!;
}

/** The mean of the known tokens, channel by channel, [C]; 0 where none is known. */
function knownMeans({ shape, tokens, known }: TokenGrid): Float32Array {
  const sums = new Float64Array(shape.channels);
  let count = 0;
  for (const [position, isKnown] of known.entries()) {
    if (!isKnown) continue;
    count++;
    for (let channel = 0; channel < shape.channels; channel++) {
      sums[channel]! += tokens[position * shape.channels + channel]!;
    }
  }
  return Float32Array.from(sums, (sum) => sum / Math.max(1, count));
}
