import type { CancellationSignal } from '../cancellation.js';
import type { ConditionRows } from '../condition-rows.js';
import { assertShape } from '../errors.js';
import { emptyGrid, type GridShape, gridLength, type TokenGrid } from '../grid.js';
import type { ConditionImage, TokenImage } from '../model.js';
import { keyedNoise } from '../noise/keyed.js';

/** All rows of an image's conditions, to be sampled. */
export function tokenImage<Input>(
  conditions: ConditionRows,
  { positions }: ConditionImage<Input>,
  seed: number,
  guidanceScale: number,
): TokenImage {
  const rows = Uint32Array.from(positions, (_, row) => row);
  return { conditions, rows, positions, guidanceScale, noise: keyedNoise({ seed }) };
}

/** A grid whose first half is known, with tokens of about unit variance. */
export function partlyKnown(shape: GridShape): TokenGrid {
  const grid = emptyGrid(shape);
  keyedNoise({ seed: 7 }).normal(grid.tokens);
  grid.known.fill(1, 0, Math.floor(gridLength(shape) / 2));
  return grid;
}

/** The last `count` positions, ascending. */
export function lastPositions(shape: GridShape, count: number): Uint32Array {
  const first = gridLength(shape) - count;
  return Uint32Array.from({ length: count }, (_, i) => first + i);
}

export function pick(values: Uint32Array, places: readonly number[]): Uint32Array {
  return Uint32Array.from(places, (place) => values[place]!);
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assertShape('values', a, [b.length]);
  return Array.from(a).reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}

/** A signal and what aborts it; AbortController is no part of the language. */
export function abortable(): { signal: CancellationSignal; abort: (reason: unknown) => void } {
  const listeners = new Set<() => void>();
  const state = { aborted: false, reason: undefined as unknown };
  return {
    signal: {
      get aborted() {
        return state.aborted;
      },
      get reason() {
        return state.reason;
      },
      addEventListener: (_, listener) => listeners.add(listener),
      removeEventListener: (_, listener) => listeners.delete(listener),
    },
    abort(reason) {
      state.aborted = true;
      state.reason = reason;
      for (const listener of listeners) listener();
    },
  };
}
