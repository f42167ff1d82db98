import type { Conditions } from '../conditions.js';
import { TesseraError, UnguidedConditionsError } from '../errors.js';
import type { TokenGrid } from '../grid.js';
import type { ClassInput, ConditionImage } from '../model.js';

/** z [n, D] by simple arithmetic from the position, the label and the known tokens. */
export function fakeConditions(image: ConditionImage<ClassInput>, width: number): Conditions {
  const { grid, positions, input, guided } = image;
  const means = knownMeans(grid);
  const rowsFor = (label: number): Float32Array =>
    Float32Array.from({ length: positions.length * width }, (_, i) => {
      const place = (positions[Math.floor(i / width)]! + 1) * ((i % width) + 1);
      return Math.sin(0.37 * place + label) + means[(i % width) % means.length]!;
    });
  const conditional = rowsFor(input.classLabel ?? -1);
  const unconditional = guided ? rowsFor(-1) : undefined;
  let released = false;

  async function held(rows: Float32Array | undefined, missing: string): Promise<Float32Array> {
    if (released) throw new TesseraError('conditions-released', 'These conditions have been released.');
    if (!rows) throw new UnguidedConditionsError(missing);
    return rows.slice();
  }

  return {
    count: positions.length,
    width,
    guided,
    read: () => held(conditional, ''),
    readUnconditional: () => held(unconditional, 'Ask for guided conditions to get unconditional rows.'),
    release() {
      released = true;
    },
  };
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
