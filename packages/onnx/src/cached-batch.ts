import { type ClassInput, type ConditionImage, gridLength, type TokenReuse } from '@tessera/core/model';
import { classesOf, type Manifest } from '@tessera/format';
import type { CachedBatch } from './cached-transformer.js';
import { classIndex } from './condition-batch.js';

/** A row of the batch: an image, or its unconditional half. */
export interface CachedRow {
  readonly image: ConditionImage<unknown>;
  readonly unconditional: boolean;
  /** Positions whose keys and values are cached, in the caches' order. */
  readonly cached: readonly number[];
  /** Ascending. */
  readonly targets: Uint32Array;
  /** [T, D]. @default zeros */
  readonly residual?: Float32Array;
}

/** Positions that are known, but not cached yet, ascending. */
export function newPositions({ image, cached }: Pick<CachedRow, 'image' | 'cached'>): number[] {
  const seen = new Set(cached);
  return [...image.grid.known.keys()].filter((position) => image.grid.known[position] && !seen.has(position));
}

/**
 * @param rows with equally many cached, new and target positions
 * @param reuse undefined for a refresh, which computes all rows of the decoder
 */
export function cachedBatch(
  { name, grid, condition, caches, widths }: Manifest,
  rows: readonly CachedRow[],
  reuse: TokenReuse | undefined,
): CachedBatch {
  const { buffer } = caches!;
  const { channels } = grid;
  const rowCount = buffer + gridLength(grid);
  const { count } = classesOf({ name, condition });
  const targetCount = rows[0]!.targets.length;
  const known = rows[0]!.cached.length + newPositions(rows[0]!).length;
  const residual = new Float32Array(rows.length * targetCount * widths.decoder);
  let keptOthers = 0;
  const parts = rows.map((row, r) => {
    const { image, cached, targets } = row;
    const fresh = newPositions(row);
    const sequence = known + buffer + 1;
    const mask = known + buffer;
    const places = new Int32Array(rowCount).fill(mask);
    for (let i = 0; i < buffer; i++) places[i] = known + i;
    for (const [i, position] of [...cached, ...fresh].entries()) places[buffer + position] = i;
    if (row.residual) residual.set(row.residual, r * row.residual.length);

    const rowOf = (position: number): number => buffer + position;
    const taken = new Set([...targets, ...fresh].map(rowOf));
    const rest = Array.from({ length: rowCount }, (_, i) => i).filter((i) => !taken.has(i));
    const least = taken.size + (reuse?.extraRows ?? rowCount);
    const all = Math.min(rowCount, Math.max(least, Math.floor(rowCount * (reuse?.keptShare ?? 1))));
    keptOthers = all - taken.size;
    // With all rows kept there is nothing to choose.
    const forced = [...fresh.map(rowOf), ...(keptOthers === rest.length ? rest : [])];
    return {
      tokens: fresh.flatMap((position) => [
        ...image.grid.tokens.subarray(position * channels, (position + 1) * channels),
      ]),
      previous: fresh,
      label: row.unconditional ? count : classIndex(image.input as ClassInput, count),
      targets,
      places: places.map((place) => place + r * sequence),
      forced,
      others: keptOthers === rest.length ? [] : rest,
    };
  });
  const joined = (of: (part: (typeof parts)[number]) => Iterable<number>): Int32Array =>
    Int32Array.from(parts.flatMap((part) => [...of(part)]));
  return {
    tokens: Float32Array.from(parts.flatMap(({ tokens }) => tokens)),
    previous: joined(({ previous }) => previous),
    labels: Int32Array.from(parts, ({ label }) => label),
    targets: joined(({ targets }) => targets),
    places: joined(({ places }) => places),
    forced: joined(({ forced }) => forced),
    others: joined(({ others }) => others),
    kept: parts[0]!.others.length === 0 ? 0 : keptOthers,
    residual,
  };
}
