import { InvalidOptionError } from '@tessera/core';
import { type CoefficientsRun, runCoefficients } from '@tessera/core/diffusion';
import { type CancellationSignal, throwIfAborted } from '@tessera/core/model';
import { assertFinite } from './finite.js';
import type { ModelGraphs } from './model-graphs.js';
import type { OrtTensor } from './ort-tensor.js';

/** The part of a model's graphs that the head is. */
type HeadGraphs = Pick<ModelGraphs<never>, 'manifest' | 'embed' | 'project' | 'modulate' | 'denoise'>;

/** Tokens that are all guided or all not, and their rows of z. */
export interface HeadRows {
  /** n: how many tokens. */
  readonly count: number;
  /** [B, T, D]. */
  readonly z: OrtTensor;
  /** [R], which of z's B·T rows: n conditional ones and, where R = 2n, n unconditional ones. */
  readonly rows: Int32Array;
}

/** Tokens that share sampler coefficients. */
export interface SampleRequest
  extends HeadRows,
    Pick<
      CoefficientsRun,
      'coefficients' | 'prediction' | 'guidanceScale' | 'temperature' | 'clamp' | 'signal'
    > {
  /** Fills `out` [C] with the noise of a row at a step: 0 is the initial x, s the s-th diffusion step. */
  noise(row: number, step: number, out: Float32Array): void;
}

/**
 * Rows a `modulate` run should have for its matrix product to be bound by arithmetic rather than by reading weights;
 * beyond that, more rows gain nothing and cost memory.
 */
const MODULATION_ROWS = 128;
/** Bytes a modulation may take; tokens beyond that are sampled in blocks. */
const MODULATION_BYTES = 48 * 2 ** 20;

/**
 * Samples tokens by the diffusion head.
 *
 * @returns [n, C]
 * @throws InvalidOptionError where there is no step, so that noise would be all there is, NonFiniteError if some of the
 *   tokens are no numbers
 */
export async function sampleHead(graphs: HeadGraphs, request: SampleRequest): Promise<Float32Array> {
  const { channels } = graphs.manifest.grid;
  const { z, coefficients, signal } = request;
  const { steps } = coefficients;
  if (steps.length === 0)
    throw new InvalidOptionError(
      'coefficients',
      coefficients.name,
      'this model needs a diffusion step at least',
    );
  throwIfAborted(signal);
  const { timeEmbed } = await graphs.embed(Float32Array.from(steps, (step) => step.timestep));
  const tokens = new Float32Array(request.count * channels);
  for (const { first, count, rows } of blocksOf(graphs, request)) {
    throwIfAborted(signal);
    const modulations = new Modulations(graphs, timeEmbed, await graphs.project(z, rows), rows.length);
    try {
      const sampled = await runCoefficients({
        ...request,
        count,
        channels,
        guidanceScale: scalesOf(request, first, count),
        noise(step, out) {
          for (let row = 0; row < count; row++)
            request.noise(first + row, step, out.subarray(row * channels, (row + 1) * channels));
        },
        async evaluate(x, index) {
          const { modulation, step } = await modulations.at(index);
          throwIfAborted(signal);
          return graphs.denoise(x, modulation, step);
        },
      });
      tokens.set(sampled, first * channels);
    } finally {
      modulations.release();
    }
  }
  return assertFinite('denoise', tokens);
}

/**
 * Evaluates the diffusion head once.
 *
 * @param x [n, C], the noisy tokens
 * @returns [R, ·], the head's output as it comes, in the order of `rows`
 */
export async function evaluateHead(
  graphs: HeadGraphs,
  request: HeadRows,
  x: Float32Array,
  timestep: number,
  signal?: CancellationSignal,
): Promise<Float32Array> {
  const { channels } = graphs.manifest.grid;
  throwIfAborted(signal);
  const { timeEmbed } = await graphs.embed(Float32Array.of(timestep));
  let output = new Float32Array();
  for (const { first, count, rows } of blocksOf(graphs, request)) {
    throwIfAborted(signal);
    const modulations = new Modulations(
      graphs,
      timeEmbed,
      await graphs.project(request.z, rows),
      rows.length,
    );
    try {
      const { modulation, step } = await modulations.at(0);
      throwIfAborted(signal);
      const block = await graphs.denoise(
        x.slice(first * channels, (first + count) * channels),
        modulation,
        step,
      );
      const width = block.length / rows.length;
      if (output.length === 0) output = new Float32Array(request.rows.length * width);
      for (let half = 0; half * count < rows.length; half++) {
        const from = block.subarray(half * count * width, (half + 1) * count * width);
        output.set(from, (half * request.count + first) * width);
      }
    } finally {
      modulations.release();
    }
  }
  return output;
}

/** Tokens `first` … `first + count − 1` of a request, and their rows of z. */
interface Block {
  readonly first: number;
  readonly count: number;
  readonly rows: Int32Array;
}

/** Blocks of tokens whose modulation fits its budget. */
function* blocksOf(graphs: HeadGraphs, { count, rows }: HeadRows): Generator<Block> {
  const halves = rows.length / count;
  const size = Math.max(1, Math.floor(MODULATION_BYTES / (rowBytes(graphs) * halves)));
  for (let first = 0; first < count; first += size) {
    const last = Math.min(count, first + size);
    const blockRows = new Int32Array(halves * (last - first));
    for (let half = 0; half < halves; half++) {
      blockRows.set(rows.subarray(half * count + first, half * count + last), half * (last - first));
    }
    yield { first, count: last - first, rows: blockRows };
  }
}

/** Bytes a row of a modulation takes. */
function rowBytes({ manifest: { headDepth, widths } }: HeadGraphs): number {
  return (3 * headDepth + 2) * widths.head * Float32Array.BYTES_PER_ELEMENT;
}

/** A block's columns of the guidance scales [n] or [S, n]. */
function scalesOf({ guidanceScale, count }: SampleRequest, first: number, size: number): Float32Array {
  if (size === count) return guidanceScale;
  const steps = guidanceScale.length / count;
  const scales = new Float32Array(steps * size);
  for (let step = 0; step < steps; step++) {
    scales.set(guidanceScale.subarray(step * count + first, step * count + first + size), step * size);
  }
  return scales;
}

/** The modulation of a block's rows, made for many steps at once; asked for step by step. */
class Modulations {
  readonly #graphs: HeadGraphs;
  /** [S, W]. */
  readonly #timeEmbed: Float32Array;
  readonly #zEmbed: OrtTensor;
  readonly #atOnce: number;
  #modulation: OrtTensor | undefined;
  #first = 0;
  #last = 0;

  constructor(graphs: HeadGraphs, timeEmbed: Float32Array, zEmbed: OrtTensor, rows: number) {
    this.#graphs = graphs;
    this.#timeEmbed = timeEmbed;
    this.#zEmbed = zEmbed;
    this.#atOnce = Math.floor(Math.min(MODULATION_ROWS, MODULATION_BYTES / rowBytes(graphs)) / rows) || 1;
  }

  /** @param index of the diffusion step, ascending from call to call */
  async at(index: number): Promise<{ modulation: OrtTensor; step: number }> {
    if (index >= this.#last || !this.#modulation) {
      this.#modulation?.release();
      this.#modulation = undefined;
      const { head } = this.#graphs.manifest.widths;
      this.#first = index;
      this.#last = Math.min(this.#timeEmbed.length / head, index + this.#atOnce);
      const steps = this.#timeEmbed.subarray(this.#first * head, this.#last * head);
      this.#modulation = await this.#graphs.modulate(steps, this.#zEmbed);
    }
    return { modulation: this.#modulation, step: index - this.#first };
  }

  release(): void {
    this.#modulation?.release();
    this.#zEmbed.release();
  }
}
