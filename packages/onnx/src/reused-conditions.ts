import { InvalidOptionError } from '@tessera/core';
import {
  assertReuse,
  type CancellationSignal,
  type ConditionImage,
  ConditionRows,
  type DeviceTensor,
  gridLength,
  maskedPositions,
  throwIfAborted,
} from '@tessera/core/model';
import { type CachedRow, cachedBatch, newPositions } from './cached-batch.js';
import type { CachedTransformer, Caches } from './cached-transformer.js';
import type { ModelGraphs } from './model-graphs.js';
import { OrtTensor } from './ort-tensor.js';
import { reuseAbilities } from './reuse-abilities.js';

type Image = ConditionImage<unknown>;

/** uncond − cond of one image at its last guided refresh. */
interface Difference {
  /** [L], which row holds a position's; −1 where none does. */
  readonly rowOf: Int32Array;
  /** [M, D], of z, or of the rows before the last norm where the transformer has caches. */
  readonly rows: Float32Array;
}

/** z of a step, and what later steps take. */
class ReusableTensor extends OrtTensor {
  /** Rows of z for each row of the batch. */
  readonly rowsEach: number;
  readonly caches: Caches | undefined;
  /** One a row of the caches: its positions, in the caches' order. */
  readonly cached: readonly (readonly number[])[];
  /** One an image. */
  readonly differences: readonly (Difference | undefined)[];

  constructor(
    z: OrtTensor,
    rowsEach: number,
    kept: Partial<Pick<ReusableTensor, 'caches' | 'cached' | 'differences'>>,
  ) {
    super('transformer-cached', z.tensor);
    this.rowsEach = rowsEach;
    this.caches = kept.caches;
    this.cached = kept.cached ?? [];
    this.differences = kept.differences ?? [];
  }

  override release(): void {
    super.release();
    for (const tensor of Object.values(this.caches ?? {}))
      if (tensor.location === 'gpu-buffer') tensor.dispose();
  }
}

/** What an image's last step left. @returns undefined for conditions of another kind, or none */
function kept({
  reuse,
}: Image): { readonly tensor: ReusableTensor; readonly conditions: ConditionRows } | undefined {
  const conditions = reuse?.previous;
  const tensor = conditions?.tensor;
  return conditions && tensor instanceof ReusableTensor ? { tensor, conditions } : undefined;
}

const numbers = new WeakMap<DeviceTensor, number>();
let nextNumber = 0;

/** A number for each tensor. */
function numberOf(tensor: DeviceTensor): number {
  const number = numbers.get(tensor) ?? nextNumber++;
  numbers.set(tensor, number);
  return number;
}

/** Equal for images that can be one batch. @param key equal for those that could be one if nothing were reused */
export function reuseKey(image: Image, key: string): string {
  const { reuse, guided } = image;
  if (!reuse) return key;
  const { previous: _, ...options } = reuse;
  const last = reuse.refresh ? undefined : kept(image);
  const fresh = last?.tensor.caches
    ? newPositions({ image, cached: last.tensor.cached[rowIn(last, false)]! }).length
    : '';
  return [key, guided, JSON.stringify(options), last ? numberOf(last.tensor) : '', fresh].join(' ');
}

/** Which row of the last step's batch an image's half was. */
function rowIn({ tensor, conditions }: NonNullable<ReturnType<typeof kept>>, unconditional: boolean): number {
  return Math.floor(conditions.tensorRow(0, unconditional) / tensor.rowsEach);
}

/** Conditions of images with one {@link reuseKey}, as their `reuse` has it. */
export async function reusedConditions<Input>(
  graphs: ModelGraphs<Input>,
  images: readonly ConditionImage<Input>[],
  queued: (z: OrtTensor) => OrtTensor,
  signal: CancellationSignal | undefined,
): Promise<ConditionRows[]> {
  const { reuse, guided } = images[0]!;
  const { cached } = graphs;
  assertReuse(reuseAbilities(graphs.manifest), reuse!);
  const halves = guided && !reuse!.guidance ? 2 : 1;
  // Those that share caches are one batch already.
  const size =
    cached && reuse!.tokens && reuse!.refresh
      ? Math.max(1, Math.floor(cached.rowsAtOnce / halves))
      : images.length;
  const all: ConditionRows[] = [];
  try {
    for (let first = 0; first < images.length; first += size) {
      throwIfAborted(signal);
      const some = images.slice(first, first + size);
      const tensor = await (cached && reuse!.tokens
        ? withCaches(graphs, cached, some)
        : withDifference(graphs, some, signal));
      const shapes = some.map(({ positions }) => ({ count: positions.length, guided }));
      all.push(...ConditionRows.split(queued(tensor), graphs.manifest.widths.decoder, shapes));
    }
    return all;
  } catch (error) {
    for (const rows of all) rows.release();
    throw error;
  }
}

/** The transformer as it is; the unconditional z of steps between by the last refresh's. */
async function withDifference<Input>(
  graphs: ModelGraphs<Input>,
  images: readonly ConditionImage<Input>[],
  signal: CancellationSignal | undefined,
): Promise<ReusableTensor> {
  const { manifest } = graphs;
  const { reuse, guided } = images[0]!;
  const width = manifest.widths.decoder;
  const count = images[0]!.positions.length;
  if (reuse!.refresh && guided) {
    const whole = images.map((image) => ({ ...image, positions: maskedPositions(image.grid.known) }));
    const z = await graphs.conditionImages(whole, signal);
    const rows = await z.read();
    z.release();
    const half = rows.length / 2;
    return guidedRefresh(
      graphs,
      images,
      rows.subarray(0, half),
      rows.subarray(half),
      subtracted(rows.subarray(half), rows.subarray(0, half)),
    );
  }
  const differences = images.map((image) => differenceOf(image));
  const z = await graphs.conditionImages(
    images.map((image) => ({ ...image, guided: guided && !reuse!.guidance })),
    signal,
  );
  if (!guided || !reuse!.guidance) return new ReusableTensor(z, count, { differences });
  const conditional = await z.read();
  z.release();
  const rows = new Float32Array(2 * conditional.length);
  rows.set(conditional);
  for (const [i, image] of images.entries()) {
    const from = i * count * width;
    const residual = rowsAt(image, differences[i], width);
    for (const [k, value] of residual.entries())
      rows[conditional.length + from + k] = conditional[from + k]! + value;
  }
  return new ReusableTensor(graphs.conditionRows(rows), count, { differences });
}

async function withCaches(
  graphs: ModelGraphs<never>,
  transformer: CachedTransformer,
  images: readonly Image[],
): Promise<ReusableTensor> {
  const { manifest } = graphs;
  const { reuse, guided } = images[0]!;
  const { refresh, guidance, tokens } = reuse!;
  const width = manifest.widths.decoder;
  const count = images[0]!.positions.length;
  const both = guided && !guidance;
  const halves = [
    ...images.map((image) => ({ image, unconditional: false })),
    ...(both ? images.map((image) => ({ image, unconditional: true })) : []),
  ];
  if (refresh) {
    const whole = guided && guidance;
    const rows: CachedRow[] = halves.map((half) => ({
      ...half,
      cached: [],
      targets: whole ? maskedPositions(half.image.grid.known) : half.image.positions,
    }));
    const conditional = await transformer.condition(cachedBatch(manifest, rows, undefined));
    const cached = rows.map(newPositions);
    if (!whole) {
      conditional.features.release();
      return new ReusableTensor(conditional.z, count, { caches: conditional.caches, cached });
    }
    const opposite = rows.map((row) => ({ ...row, unconditional: true }));
    const unconditional = await transformer.condition(cachedBatch(manifest, opposite, undefined));
    const difference = subtracted(await unconditional.features.read(), await conditional.features.read());
    const tensor = guidedRefresh(
      graphs,
      images,
      await conditional.z.read(),
      await unconditional.z.read(),
      difference,
      { caches: conditional.caches, cached },
    );
    releaseAll(unconditional.caches);
    for (const { z, features } of [conditional, unconditional])
      for (const each of [z, features]) each.release();
    return tensor;
  }
  const last = halves.map(({ image, unconditional }) => {
    const left = kept(image);
    if (!left?.tensor.caches) throw missing('the caches of the step before');
    return { tensor: left.tensor, row: rowIn(left, unconditional) };
  });
  const differences = images.map((image) => differenceOf(image));
  const rows: CachedRow[] = halves.map((half, i) => ({
    ...half,
    cached: last[i]!.tensor.cached[last[i]!.row]!,
    targets: half.image.positions,
    ...(guided && guidance ? { residual: rowsAt(half.image, differences[i], width) } : {}),
  }));
  const { tensor } = last[0]!;
  const caches = await transformer.cacheRows(
    tensor.caches!,
    last.map(({ row }) => row),
  );
  const made = await transformer.condition(cachedBatch(manifest, rows, tokens), caches);
  made.features.release();
  const cached = rows.map((row) => [...row.cached, ...newPositions(row)]);
  return new ReusableTensor(made.z, count, { caches: made.caches, cached, differences });
}

function releaseAll(caches: Caches): void {
  for (const tensor of Object.values(caches)) if (tensor.location === 'gpu-buffer') tensor.dispose();
}

/** z at the images' positions, of rows [B, M, D] at all masked ones, conditional and unconditional. */
function guidedRefresh(
  graphs: Pick<ModelGraphs<never>, 'manifest' | 'conditionRows'>,
  images: readonly Image[],
  conditional: Float32Array,
  unconditional: Float32Array,
  difference: Float32Array,
  more: Partial<Pick<ReusableTensor, 'caches' | 'cached'>> = {},
): ReusableTensor {
  const width = graphs.manifest.widths.decoder;
  const count = images[0]!.positions.length;
  const size = difference.length / images.length;
  const differences = images.map((image, i) => ({
    rowOf: rowsByPosition(image),
    rows: difference.slice(i * size, (i + 1) * size),
  }));
  const rows = new Float32Array(2 * images.length * count * width);
  for (const [i, image] of images.entries()) {
    for (const [half, all] of [conditional, unconditional].entries()) {
      const own = all.subarray(i * size, (i + 1) * size);
      rows.set(
        rowsAt(image, { rowOf: differences[i]!.rowOf, rows: own }, width),
        (half * images.length + i) * count * width,
      );
    }
  }
  return new ReusableTensor(graphs.conditionRows(rows), count, { ...more, differences });
}

function rowsByPosition({ grid }: Image): Int32Array {
  const rowOf = new Int32Array(gridLength(grid.shape)).fill(-1);
  for (const [row, position] of maskedPositions(grid.known).entries()) rowOf[position] = row;
  return rowOf;
}

function differenceOf(image: Image): Difference | undefined {
  const left = kept(image);
  return left?.tensor.differences[rowIn(left, false)];
}

/** The rows [T, D] of an image's positions. */
function rowsAt({ positions }: Image, difference: Difference | undefined, width: number): Float32Array {
  if (!difference) throw missing('the guidance of a refresh');
  const { rowOf, rows } = difference;
  const taken = new Float32Array(positions.length * width);
  for (const [i, position] of positions.entries()) {
    const row = rowOf[position]!;
    if (row < 0) throw missing(`the guidance of position ${position}`);
    taken.set(rows.subarray(row * width, (row + 1) * width), i * width);
  }
  return taken;
}

const missing = (what: string): InvalidOptionError =>
  new InvalidOptionError('reuse.previous', 'z', `must hold ${what}, which this model returned; or refresh`);

function subtracted(left: Float32Array, right: Float32Array): Float32Array {
  return left.map((value, i) => value - right[i]!);
}
