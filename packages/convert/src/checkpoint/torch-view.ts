import { elementCount } from './safetensors-header.js';

/** Elements of a storage: offset and strides count elements. */
export interface StorageView {
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** Bytes of a storage from `start` to before `end`. */
type ReadBytes = (start: number, end: number) => Promise<Uint8Array<ArrayBuffer>>;

/** Bytes read at once where a view isn't dense. */
const CHUNK = 4 << 20;
/** What lies within so many bytes is sooner read at once than one by one. */
const NEAR = 64 << 10;

/** One loop over a view's bytes. Steps count bytes, in the storage and in the result. */
interface Axis {
  readonly extent: number;
  readonly step: number;
  readonly outStep: number;
}

/**
 * A view's bytes in row-major order. What isn't contiguous is read in the order in which it lies, a few MiB at a time.
 *
 * @param size bytes of an element
 */
export async function readView(
  view: StorageView,
  size: number,
  read: ReadBytes,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = elementCount(view.shape) * size;
  const start = view.offset * size;
  if (bytes === 0) return new Uint8Array();
  if (isContiguous(view)) return read(start, start + bytes);
  const axes = axesOf(view, size);
  const out = new Uint8Array(bytes);
  const take = (from: Uint8Array, at: number, to: number, axis: number, extent: number): void => {
    const { step, outStep } = axes[axis]!;
    const inner = axes[axis + 1];
    for (let i = 0; i < extent; i++) {
      if (inner) take(from, at + i * step, to + i * outStep, axis + 1, inner.extent);
      else out[to + i * outStep] = from[at + i * step]!;
    }
  };
  const visit = async (at: number, to: number, axis: number): Promise<void> => {
    const { extent, step, outStep } = axes[axis]!;
    const atOnce = atOnceOf(axes, axis);
    if (atOnce === 0) {
      for (let i = 0; i < extent; i++) await visit(at + i * step, to + i * outStep, axis + 1);
      return;
    }
    for (let i = 0; i < extent; i += atOnce) {
      const rows = Math.min(atOnce, extent - i);
      const from = at + i * step;
      take(
        await read(from, from + (rows - 1) * step + spanOf(axes.slice(axis + 1))),
        0,
        to + i * outStep,
        axis,
        rows,
      );
    }
  };
  await visit(start, 0, 0);
  return out;
}

/** How many bytes could be read in the time that {@link readView} takes: those that it reads, and {@link NEAR} for each read. */
export function effortOf(view: StorageView, size: number): number {
  const count = elementCount(view.shape);
  if (count === 0 || isContiguous(view)) return count * size;
  const axes = axesOf(view, size);
  let times = 1;
  for (const [axis, { extent }] of axes.entries()) {
    const atOnce = atOnceOf(axes, axis);
    if (atOnce > 0) return times * (spanOf(axes.slice(axis)) + Math.ceil(extent / atOnce) * NEAR);
    times *= extent;
  }
  return times;
}

/** How many steps of an axis are read at once: those near one another, or 0 where each is better read by itself. */
function atOnceOf(axes: readonly Axis[], axis: number): number {
  const { extent, step } = axes[axis]!;
  const inner = axes.slice(axis + 1);
  const isNear = step <= Math.max(NEAR, 2 * elementCount(inner.map((each) => each.extent)));
  if (!isNear || step === 0) return isNear ? extent : 0;
  return Math.max(0, Math.min(extent, Math.floor((CHUNK - spanOf(inner)) / step) + 1));
}

/** The loops over a view, those of the widest steps first; one is over the bytes of an element. */
function axesOf({ shape, strides }: StorageView, size: number): Axis[] {
  let outStep = size;
  const axes: Axis[] = [{ extent: size, step: 1, outStep: 1 }];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis]!;
    if (extent > 1) axes.push({ extent, step: strides[axis]! * size, outStep });
    outStep *= extent;
  }
  return axes.sort((a, b) => b.step - a.step);
}

/** Bytes from the first to the last. */
const spanOf = (axes: readonly Axis[]): number =>
  axes.reduce((sum, { extent, step }) => sum + (extent - 1) * step, 1);

function isContiguous({ shape, strides }: StorageView): boolean {
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== step) return false;
    step *= shape[axis]!;
  }
  return true;
}
