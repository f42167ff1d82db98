import { InvalidOptionError } from '@tessera/core';
import { type CoefficientsRun, type DiffusionStep, runCoefficients } from '@tessera/core/diffusion';
import { type CancellationSignal, type HeadReuse, headEffort, throwIfAborted } from '@tessera/core/model';
import { assertFinite } from './finite.js';
import type { ChainSteps, KeptDenoising, ModelGraphs } from './model-graphs.js';
import type { OrtTensor } from './ort-tensor.js';

/** The part of a model's graphs that the head is. */
type HeadGraphs = Pick<
  ModelGraphs<never>,
  | 'manifest'
  | 'rowsTogether'
  | 'embed'
  | 'project'
  | 'modulate'
  | 'chain'
  | 'denoise'
  | 'denoiseKeeping'
  | 'denoiseOuter'
  | 'denoiseCached'
>;

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
  /** What diffusion steps take from earlier ones. @default nothing */
  readonly reuse?: HeadReuse | undefined;
  /** Fills `out` [C] with the noise of a row at a step: 0 is the initial x, s the s-th diffusion step. */
  noise(row: number, step: number, out: Float32Array): void;
}

/**
 * Rows a `modulate` run should have for its matrix product to be bound by arithmetic rather than by reading weights;
 * beyond that, more rows gain nothing and cost memory.
 */
const MODULATION_ROWS = 128;
/** Rows that are sampled in one block: more make no product any faster, and take memory. */
const BLOCK_ROWS = 512;
/** Bytes a modulation may take: rows of wide heads beyond that are sampled in further blocks. */
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
  const tokens = new Float32Array(request.count * channels);
  if (isChain(graphs, request)) {
    for (const block of blocksOf(graphs, request)) {
      throwIfAborted(signal);
      tokens.set(await runChain(graphs, request, block), block.first * channels);
    }
    return assertFinite('chain', tokens);
  }
  const { timeEmbed } = await graphs.embed(Float32Array.from(steps, (step) => step.timestep));
  for (const { first, count, rows } of blocksOf(graphs, request)) {
    throwIfAborted(signal);
    const head = await headOf(graphs, { z, rows, count }, timeEmbed, request.reuse);
    try {
      const sampled = await runCoefficients({
        ...request,
        count,
        channels,
        guidanceScale: scalesOf(request, first, count),
        noise: (step, out) => fillNoise(request, first, step, out, channels),
        evaluate: (x, index) => head.evaluate(x, index, signal),
      });
      tokens.set(sampled, first * channels);
    } finally {
      head.release();
    }
  }
  return assertFinite('denoise', tokens);
}

function fillNoise(
  request: SampleRequest,
  first: number,
  step: number,
  out: Float32Array,
  channels: number,
): void {
  for (let row = 0; row < out.length / channels; row++)
    request.noise(first + row, step, out.subarray(row * channels, (row + 1) * channels));
}

/** Whether one run of `chain` does it: the model has one of as many steps, and nothing is done between them. */
function isChain(
  { manifest: { chainSteps } }: HeadGraphs,
  { coefficients, prediction, clamp, reuse }: SampleRequest,
): boolean {
  const { steps, prediction: sampled = 'epsilon' } = coefficients;
  return (
    steps.length === chainSteps &&
    sampled === prediction &&
    clamp === undefined &&
    !reuse &&
    steps.every(({ noise, update }) => noise.kind === 'none' && update.previousXStarts.length === 0)
  );
}

async function runChain(
  graphs: HeadGraphs,
  request: SampleRequest,
  { first, count, rows }: Block,
): Promise<Float32Array> {
  const { channels } = graphs.manifest.grid;
  const { steps, temperedStart } = request.coefficients;
  const x = new Float32Array(count * channels);
  fillNoise(request, first, 0, x, channels);
  if (temperedStart) for (let i = 0; i < x.length; i++) x[i]! *= request.temperature;
  return graphs.chain(x, request.z, rows, chainSteps(steps, scalesOf(request, first, count), count));
}

/**
 * Steps as a graph of a whole chain takes them.
 *
 * @param given guidance scales, [n] or [S, n]
 */
export function chainSteps(steps: readonly DiffusionStep[], given: Float32Array, count: number): ChainSteps {
  const scales = new Float32Array(steps.length * count);
  for (let at = 0; at < scales.length; at += given.length) scales.set(given, at);
  return {
    timesteps: Float32Array.from(steps, ({ timestep }) => timestep),
    factors: Float32Array.from(
      steps.flatMap(({ xStart, update }) => [
        update.x + update.xStart * xStart.x,
        -update.xStart * xStart.output,
      ]),
    ),
    scales,
  };
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
    const head = await headOf(graphs, { z: request.z, rows, count }, timeEmbed);
    try {
      const block = await head.evaluate(x.slice(first * channels, (first + count) * channels), 0, signal);
      const width = block.length / rows.length;
      if (output.length === 0) output = new Float32Array(request.rows.length * width);
      for (let half = 0; half * count < rows.length; half++) {
        const from = block.subarray(half * count * width, (half + 1) * count * width);
        output.set(from, (half * request.count + first) * width);
      }
    } finally {
      head.release();
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

/** Blocks of tokens that are small enough, and that hold what the head takes together. */
function* blocksOf(graphs: HeadGraphs, { count, rows }: HeadRows): Generator<Block> {
  const halves = rows.length / count;
  const { rowsTogether } = graphs;
  const most = Math.min(BLOCK_ROWS, MODULATION_BYTES / rowBytes(graphs));
  const size = rowsTogether * Math.max(1, Math.floor(most / (halves * rowsTogether)));
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
function rowBytes({ manifest: { headDepth, widths, joint } }: HeadGraphs): number {
  return ((joint ? 6 : 3) * headDepth + 2) * widths.head * Float32Array.BYTES_PER_ELEMENT;
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

/** The head on one block's rows. */
interface BlockHead {
  /**
   * @param x [n, C]
   * @param index of the diffusion step, ascending from call to call
   * @returns [R, ·]
   */
  evaluate(x: Float32Array, index: number, signal: CancellationSignal | undefined): Promise<Float32Array>;
  release(): void;
}

/** @param timeEmbed [S, W] */
async function headOf(
  graphs: HeadGraphs,
  { z, rows, count }: HeadRows,
  timeEmbed: Float32Array,
  reuse?: HeadReuse,
): Promise<BlockHead> {
  if (reuse) return ReusingHead.open(graphs, { z, rows, count }, timeEmbed, reuse);
  const modulations = new Modulations(graphs, timeEmbed, await graphs.project(z, rows), rows.length);
  return {
    async evaluate(x, index, signal) {
      const { modulation, step } = await modulations.at(index);
      throwIfAborted(signal);
      return graphs.denoise(x, modulation, step);
    },
    release: () => modulations.release(),
  };
}

/** A head that runs in full at some steps only, and between takes its blocks' results and the guidance of the last such step. */
class ReusingHead implements BlockHead {
  readonly #graphs: HeadGraphs;
  readonly #reuse: HeadReuse;
  readonly #steps: number;
  /** By effort; the last two are of the conditional rows alone. */
  readonly #modulations: Readonly<Record<'full' | 'outer' | 'none', Modulations>>;
  /** Of each effort, which of its steps comes next. */
  readonly #next = { full: 0, outer: 0, none: 0 };
  #kept: Omit<KeptDenoising, 'out'> | undefined;
  /** The last full output, [R, 2C]. */
  #full: Float32Array = new Float32Array();

  private constructor(
    graphs: HeadGraphs,
    reuse: HeadReuse,
    steps: number,
    modulations: Readonly<Record<'full' | 'outer' | 'none', Modulations>>,
  ) {
    this.#graphs = graphs;
    this.#reuse = reuse;
    this.#steps = steps;
    this.#modulations = modulations;
  }

  static async open(
    graphs: HeadGraphs,
    { z, rows, count }: HeadRows,
    timeEmbed: Float32Array,
    reuse: HeadReuse,
  ): Promise<ReusingHead> {
    const { head } = graphs.manifest.widths;
    const steps = timeEmbed.length / head;
    const of = (effort: 'full' | 'outer' | 'none'): Float32Array => {
      const own = Array.from({ length: steps }, (_, index) => index).filter(
        (index) => headEffort(reuse, index, steps) === effort,
      );
      const embeds = new Float32Array(own.length * head);
      for (const [k, index] of own.entries())
        embeds.set(timeEmbed.subarray(index * head, (index + 1) * head), k * head);
      return embeds;
    };
    const conditional = rows.subarray(0, count);
    return new ReusingHead(graphs, reuse, steps, {
      full: new Modulations(graphs, of('full'), await graphs.project(z, rows), rows.length),
      outer: new Modulations(graphs, of('outer'), await graphs.project(z, conditional), count),
      none: new Modulations(
        graphs,
        of('none'),
        await graphs.project(z, conditional),
        count,
        'modulate-cached',
      ),
    });
  }

  async evaluate(
    x: Float32Array,
    index: number,
    signal: CancellationSignal | undefined,
  ): Promise<Float32Array> {
    const effort = headEffort(this.#reuse, index, this.#steps);
    const { modulation, step } = await this.#modulations[effort].at(this.#next[effort]++);
    throwIfAborted(signal);
    if (effort === 'full') {
      const { out, ...kept } = await this.#graphs.denoiseKeeping(x, modulation, step);
      this.#keep(kept);
      this.#full = out;
      return out;
    }
    const kept = this.#kept!;
    if (effort === 'none')
      return this.#guided(x, await this.#graphs.denoiseCached(x, modulation, step, kept));
    const { out, mlp } = await this.#graphs.denoiseOuter(x, modulation, step, kept.delta);
    kept.mlp.release();
    this.#kept = { mlp, delta: kept.delta };
    return this.#guided(x, out);
  }

  /** Both halves of a step that ran the conditional one alone: ε_u is ε_c less their difference at the last full step. */
  #guided(x: Float32Array, out: Float32Array): Float32Array {
    if (this.#full.length === out.length) return out;
    const { channels } = this.#graphs.manifest.grid;
    const both = new Float32Array(2 * out.length);
    both.set(out);
    both.set(out, out.length);
    for (let row = 0; row < x.length / channels; row++) {
      const from = row * 2 * channels;
      for (let i = from; i < from + channels; i++)
        both[out.length + i] = out[i]! - (this.#full[i]! - this.#full[out.length + i]!);
    }
    return both;
  }

  #keep(kept: Omit<KeptDenoising, 'out'> | undefined): void {
    this.#kept?.mlp.release();
    this.#kept?.delta.release();
    this.#kept = kept;
  }

  release(): void {
    this.#keep(undefined);
    for (const modulations of Object.values(this.#modulations)) modulations.release();
  }
}

/** The modulation of a block's rows, made for many steps at once; asked for step by step. */
class Modulations {
  readonly #graphs: HeadGraphs;
  readonly #graph: 'modulate' | 'modulate-cached';
  /** [S, W]. */
  readonly #timeEmbed: Float32Array;
  readonly #zEmbed: OrtTensor;
  readonly #atOnce: number;
  #modulation: OrtTensor | undefined;
  #first = 0;
  #last = 0;

  constructor(
    graphs: HeadGraphs,
    timeEmbed: Float32Array,
    zEmbed: OrtTensor,
    rows: number,
    graph: 'modulate' | 'modulate-cached' = 'modulate',
  ) {
    this.#graphs = graphs;
    this.#graph = graph;
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
      this.#modulation = await this.#graphs.modulate(steps, this.#zEmbed, this.#graph);
    }
    return { modulation: this.#modulation, step: index - this.#first };
  }

  release(): void {
    this.#modulation?.release();
    this.#zEmbed.release();
  }
}
