import {
  type CancellationSignal,
  type Clamp,
  InvalidOptionError,
  type SamplerCoefficients,
  samplerStep,
  throwIfAborted,
} from '@tessera/core';
import { assertFinite } from './finite.js';
import type { HeldTensor } from './held-tensor.js';
import type { MarGraphs } from './mar-graphs.js';

/** Tokens that share a diffusion table and are all guided or all not. */
export interface HeadRequest {
  /** n: how many tokens. */
  readonly count: number;
  /** [B, T, D]. */
  readonly z: HeldTensor;
  /** [R], which of z's B·T rows: n conditional ones and, where R = 2n, n unconditional ones. */
  readonly rows: Int32Array;
  /** [n]. */
  readonly guidanceScale: Float32Array;
  readonly table: SamplerCoefficients;
  readonly temperature: number;
  readonly clamp?: Clamp;
  /** Fills `out` [C] with the noise of a row at a step: 0 is the initial x, s the s-th diffusion step. */
  noise(row: number, step: number, out: Float32Array): void;
  readonly signal?: CancellationSignal;
}

/**
 * Rows a `modulate` run should have for its matrix product to be bound by arithmetic rather than by reading weights;
 * beyond that, more rows gain nothing and cost memory.
 */
const MODULATION_ROWS = 128;
/** Bytes a modulation may take; tokens beyond that are sampled in blocks. */
const MODULATION_BYTES = 48 * 2 ** 20;

/**
 * Runs the diffusion head.
 *
 * @returns [n, C], the sampled tokens
 * @throws InvalidOptionError where the table has no step, so that noise would be all there is, NonFiniteError if some of
 *   them are no numbers
 */
export async function sampleHead(graphs: MarGraphs, request: HeadRequest): Promise<Float32Array> {
  const { widths, headDepth, grid } = graphs.manifest;
  const { count, rows, table, guidanceScale } = request;
  if (table.steps.length === 0)
    throw new InvalidOptionError('table', table.name, 'this model needs a diffusion step at least');
  throwIfAborted(request.signal);
  const { timeEmbed } = await graphs.embed(Float32Array.from(table.steps, (step) => step.timestep));
  const halves = rows.length / count;
  const rowBytes = (3 * headDepth + 2) * widths.head * Float32Array.BYTES_PER_ELEMENT;
  const blockSize = Math.max(1, Math.floor(MODULATION_BYTES / (rowBytes * halves)));
  const tokens = new Float32Array(count * grid.channels);
  for (let first = 0; first < count; first += blockSize) {
    const last = Math.min(count, first + blockSize);
    const blockRows = new Int32Array(halves * (last - first));
    for (let half = 0; half < halves; half++) {
      blockRows.set(rows.subarray(half * count + first, half * count + last), half * (last - first));
    }
    const block = await sampleBlock(graphs, timeEmbed, rowBytes, {
      ...request,
      count: last - first,
      rows: blockRows,
      guidanceScale: guidanceScale.subarray(first, last),
      noise: (row, step, out) => request.noise(first + row, step, out),
    });
    tokens.set(block, first * grid.channels);
  }
  return assertFinite('denoise', tokens);
}

async function sampleBlock(
  graphs: MarGraphs,
  timeEmbed: Float32Array,
  rowBytes: number,
  request: HeadRequest,
): Promise<Float32Array> {
  const { channels } = graphs.manifest.grid;
  const { head: width } = graphs.manifest.widths;
  const { count, rows, table, signal } = request;
  const size = count * channels;
  const x = new Float32Array(size);
  const xStart = new Float32Array(size);
  const noise = new Float32Array(size);
  fillNoise(request, 0, x, channels);
  if (table.temperedStart) for (let i = 0; i < size; i++) x[i]! *= request.temperature;

  throwIfAborted(signal);
  const zEmbed = await graphs.project(request.z, rows);
  try {
    const atOnce = Math.floor(Math.min(MODULATION_ROWS, MODULATION_BYTES / rowBytes) / rows.length) || 1;
    for (let first = 0; first < table.steps.length; first += atOnce) {
      throwIfAborted(signal);
      const last = Math.min(table.steps.length, first + atOnce);
      const modulation = await graphs.modulate(timeEmbed.subarray(first * width, last * width), zEmbed);
      try {
        for (let s = first; s < last; s++) {
          throwIfAborted(signal);
          const step = table.steps[s]!;
          const output = await graphs.denoise(x, modulation, s - first);
          if (step.noise.kind !== 'none') fillNoise(request, s + 1, noise, channels);
          samplerStep({
            step,
            x,
            output,
            xStart,
            noise,
            channels,
            guidanceScale: request.guidanceScale,
            temperature: request.temperature,
            ...(request.clamp === undefined ? {} : { clamp: request.clamp }),
          });
        }
      } finally {
        modulation.release();
      }
    }
  } finally {
    zEmbed.release();
  }
  return x;
}

function fillNoise(request: HeadRequest, step: number, out: Float32Array, channels: number): void {
  for (let row = 0; row < request.count; row++) {
    request.noise(row, step, out.subarray(row * channels, (row + 1) * channels));
  }
}
