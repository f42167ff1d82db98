import {
  type CancellationSignal,
  type Clamp,
  type DiffusionTable,
  headStep,
  throwIfAborted,
} from '@tessera/core';
import type { MarGraphs } from './mar-graphs.js';

/** Tokens that share a diffusion table and are all guided or all not. */
export interface HeadRequest {
  /** n: how many tokens. */
  readonly count: number;
  /** [R, D]: n conditional rows and, where R = 2n, n unconditional ones. */
  readonly z: Float32Array;
  /** [n]. */
  readonly guidanceScale: Float32Array;
  readonly table: DiffusionTable;
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
 */
export async function sampleHead(graphs: MarGraphs, request: HeadRequest): Promise<Float32Array> {
  const { widths, headDepth, grid } = graphs.manifest;
  const { count, z, guidanceScale } = request;
  const width = widths.decoder;
  const halves = z.length / (count * width);
  const rowBytes = (3 * headDepth + 2) * widths.head * Float32Array.BYTES_PER_ELEMENT;
  const blockSize = Math.max(1, Math.floor(MODULATION_BYTES / (rowBytes * halves)));
  if (blockSize >= count) return sampleBlock(graphs, request, rowBytes);
  const tokens = new Float32Array(count * grid.channels);
  for (let first = 0; first < count; first += blockSize) {
    const last = Math.min(count, first + blockSize);
    const rows = last - first;
    const part = new Float32Array(halves * rows * width);
    for (let half = 0; half < halves; half++) {
      const begin = (half * count + first) * width;
      part.set(z.subarray(begin, begin + rows * width), half * rows * width);
    }
    const block = await sampleBlock(
      graphs,
      {
        ...request,
        count: rows,
        z: part,
        guidanceScale: guidanceScale.subarray(first, last),
        noise: (row, step, out) => request.noise(first + row, step, out),
      },
      rowBytes,
    );
    tokens.set(block, first * grid.channels);
  }
  return tokens;
}

async function sampleBlock(graphs: MarGraphs, request: HeadRequest, rowBytes: number): Promise<Float32Array> {
  const { channels } = graphs.manifest.grid;
  const { head: width, decoder } = graphs.manifest.widths;
  const { count, z, table, signal } = request;
  const rows = z.length / decoder;
  const size = count * channels;
  const x = new Float32Array(size);
  const xStart = new Float32Array(size);
  const noise = new Float32Array(size);
  fillNoise(request, 0, x, channels);

  throwIfAborted(signal);
  const { timeEmbed, zEmbed } = await graphs.embed(
    Float32Array.from(table.steps, (step) => step.timestep),
    z,
  );
  const atOnce = Math.max(1, Math.floor(Math.min(MODULATION_ROWS, MODULATION_BYTES / rowBytes) / rows));
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
        headStep({
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
  return x;
}

function fillNoise(request: HeadRequest, step: number, out: Float32Array, channels: number): void {
  for (let row = 0; row < request.count; row++) {
    request.noise(row, step, out.subarray(row * channels, (row + 1) * channels));
  }
}
