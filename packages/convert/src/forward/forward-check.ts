import { type CancellationSignal, throwIfAborted } from '@tessera/core/model';
import { type ForwardCheck, ForwardCheckError } from '../errors.js';
import type { WeightStorage } from '../graph/weight-storage.js';
import type { HeadSizes } from '../mar/mar-config.js';
import type { ReadTensor, Row } from './float64-layers.js';
import {
  type ConditionSource,
  type Deviation,
  floats,
  integers,
  joined,
  numbers,
  type RunnableGraph,
  relativeError,
  runOnce,
} from './graph-values.js';
import { forwardDenoise } from './mar-forward.js';
import type { Planes, VaeWeights } from './planes.js';

/**
 * What storage may cost, with room: half floats take 3e-3 of MAR-B's z, 8 bits 0.03 of the embedded model's and 4 bits 0.13.
 * A wrong number of heads or a missing weight changes as much as there is.
 */
const ALLOWED: Readonly<Record<WeightStorage, number>> = { fp32: 1e-3, fp16: 0.02, int8: 0.2, int4: 0.5 };

/** The forward pass of an autoencoder. */
export interface AutoencoderForward {
  /** Those of its tensors that it reads. */
  readonly keys: readonly string[];
  decode(weights: VaeWeights, latents: Planes): Planes;
  /** Of kinds that have an encoder here. */
  encode?(weights: VaeWeights, image: Planes): Planes;
}

/** A head's forward pass in float64. */
export interface HeadForward {
  /** n: how many rows it takes together. */
  readonly rows: number;
  /** x [n, C], original timestep t, z [n, D] → output [n, ·]. */
  forward(read: ReadTensor, x: readonly Row[], t: number, z: readonly Row[]): Promise<readonly Row[]>;
}

export interface ForwardCheckOptions {
  readonly mar: {
    readonly config: HeadSizes;
    /** Of the graph `chain`, if there is one. */
    readonly chainSteps?: number | undefined;
    readonly read: ReadTensor;
    /** The head's forward pass, where it isn't MAR's. @default MAR's, of one row */
    readonly head?: HeadForward | undefined;
    /** Compares z, of which each family has a forward pass of its own. */
    readonly checkConditions: (source: ConditionSource) => Promise<Deviation>;
  };
  readonly vae?:
    | {
        readonly sizes: { readonly latentChannels: number; readonly stride: number };
        readonly forward: AutoencoderForward;
        readonly read: ReadTensor;
      }
    | undefined;
  /** Opens a graph by its name; the next one is opened when it is released. */
  readonly open: (graph: string) => Promise<RunnableGraph>;
  /** How a graph's weights are stored. */
  readonly storage: (graph: string) => WeightStorage;
  readonly signal?: CancellationSignal | undefined;
  /** Called before each output. */
  readonly onOutput?: (output: ForwardCheck['output'], done: number, total: number) => void;
}

/**
 * Compares a model's graphs with a forward pass of their checkpoints, in float64, which shares nothing with the graphs: z at
 * one position, the head's output for one token, a picture of two latent cells and back.
 *
 * All masked positions but one are the same, so the pass has a few dozen rows, whatever the grid.
 *
 * @throws ForwardCheckError if an output is further off than its storage explains
 */
export async function checkForward(options: ForwardCheckOptions): Promise<readonly ForwardCheck[]> {
  const { mar, vae, signal, onOutput } = options;
  const steps = [
    ['z', ({ mar, open }: ForwardCheckOptions) => mar.checkConditions({ read: mar.read, open })],
    ['denoised', checkDenoiser],
    ...(mar.chainSteps === undefined ? [] : ([['tokens', checkChain]] as const)),
    ...(vae ? ([['image', checkDecoder]] as const) : []),
    ...(vae?.forward.encode ? ([['moments', checkEncoder]] as const) : []),
  ] as const;
  const checks: ForwardCheck[] = [];
  for (const [output, check] of steps) {
    throwIfAborted(signal);
    onOutput?.(output, checks.length, steps.length);
    const { error, graph } = await check(options);
    checks.push({ output, error, allowed: ALLOWED[options.storage(graph)] });
  }
  const wrong = checks.filter(({ error, allowed }) => !(error <= allowed));
  if (wrong.length > 0) throw new ForwardCheckError(wrong);
  return checks;
}

async function checkDenoiser({ mar, open }: ForwardCheckOptions): Promise<Deviation> {
  const { config, read } = mar;
  const head = mar.head ?? marHead(config);
  const timestep = 500;
  const z = numbers(head.rows * config.decoder.width, 2);
  const x = numbers(head.rows * config.grid.channels, 3);
  const expected = await head.forward(
    read,
    rowsOf(x, config.grid.channels),
    timestep,
    rowsOf(z, config.decoder.width),
  );
  const graphs = await stepGraphs(config, open, Float32Array.of(timestep), z);
  try {
    const out = await graphs.evaluate(x, 0);
    return { error: relativeError(out, joinedRows(expected)), graph: 'denoise' };
  } finally {
    await graphs.release();
  }
}

const marHead = (config: HeadSizes): HeadForward => ({
  rows: 1,
  forward: async (read, [x], t, [z]) => [await forwardDenoise(read, config, x!, t, z!)],
});

/** The head by its graphs of single steps, for z [R, D]. */
async function stepGraphs(
  { grid, decoder, head }: HeadSizes,
  open: ForwardCheckOptions['open'],
  timesteps: Float32Array,
  z: Float32Array,
): Promise<{
  /** x [n, C] → [R, ·], row r of x[r mod n]. */
  evaluate(x: Float32Array, step: number): Promise<Float32Array>;
  release(): Promise<void>;
}> {
  const count = z.length / decoder.width;
  const { time_embed } = await runOnce(await open('embed'), {
    timesteps: floats(timesteps, [timesteps.length]),
  });
  const { z_embed } = await runOnce(await open('project'), {
    z: floats(z, [1, count, decoder.width]),
    rows: integers([...Array(count).keys()], [count]),
  });
  const graphs = [await open('modulate'), await open('denoise')] as const;
  return {
    async evaluate(x, step) {
      const time = time_embed!.subarray(step * head.width, (step + 1) * head.width);
      const { modulation } = await graphs[0].run({
        time_embed: floats(time, [1, head.width]),
        z_embed: floats(z_embed!, [count, head.width]),
      });
      const { out } = await graphs[1].run({
        x: floats(x, [x.length / grid.channels, grid.channels]),
        modulation: modulation!,
        step: integers([0], [1]),
      });
      return out!.data as Float32Array;
    },
    async release() {
      for (const graph of graphs) await graph.release();
    },
  };
}

/**
 * A guided chain of Euler steps of equal length, of as many tokens as the head takes together. A head that takes many is
 * evaluated by its graphs of single steps, which are compared before: in float64 it would take minutes.
 */
async function checkChain({ mar, open }: ForwardCheckOptions): Promise<Deviation> {
  const { config, read, chainSteps: steps = 1 } = mar;
  const { channels } = config.grid;
  const { width } = config.decoder;
  const head = mar.head ?? marHead(config);
  const halves = [numbers(head.rows * width, 2), numbers(head.rows * width, 6)] as const;
  const initial = numbers(head.rows * channels, 3);
  const [scale, size] = [2, -1 / steps];
  const timesteps = Float32Array.from({ length: steps }, (_, step) => 1000 * (1 - step / steps));
  const graphs = head.rows > 1 ? await stepGraphs(config, open, timesteps, joined([...halves])) : undefined;
  /** Both halves' rows, the conditional ones first. */
  const evaluate = async (x: Float64Array, step: number): Promise<ArrayLike<number>> => {
    if (graphs) return graphs.evaluate(Float32Array.from(x), step);
    const both = await Promise.all(
      halves.map((z) => head.forward(read, rowsOf(x, channels), timesteps[step]!, rowsOf(z, width))),
    );
    return joinedRows(both.flat());
  };
  let expected = Float64Array.from(initial);
  try {
    for (const step of timesteps.keys()) {
      const output = await evaluate(expected, step);
      expected = expected.map((value, i) => {
        const without = output[expected.length + i]!;
        return value + size * (without + scale * (output[i]! - without));
      });
    }
  } finally {
    await graphs?.release();
  }
  const { tokens } = await runOnce(await open('chain'), {
    x: floats(initial, [head.rows, channels]),
    z: floats(joined([...halves]), [2, head.rows, width]),
    rows: integers([...Array(2 * head.rows).keys()], [2 * head.rows]),
    timesteps: floats(timesteps, [steps]),
    factors: floats(
      Float32Array.from({ length: 2 * steps }, (_, i) => (i % 2 === 0 ? 1 : size)),
      [steps, 2],
    ),
    scales: floats(new Float32Array(steps * head.rows).fill(scale), [steps, head.rows, 1]),
  });
  return { error: relativeError(tokens!, expected), graph: 'chain' };
}

/** Rows [n, width] of values side by side. */
const rowsOf = (values: ArrayLike<number>, width: number): Row[] =>
  Array.from({ length: values.length / width }, (_, row) =>
    Float64Array.from({ length: width }, (_, i) => values[row * width + i]!),
  );

const joinedRows = (rows: readonly Row[]): Float64Array => Float64Array.from(rows.flatMap((row) => [...row]));

async function checkDecoder(options: ForwardCheckOptions): Promise<Deviation> {
  const { sizes, forward } = options.vae!;
  const [channels, height, width] = [sizes.latentChannels, 1, 2];
  const latents = numbers(channels * height * width, 4);
  const planes = { channels, height, width, data: Float64Array.from(latents) };
  const expected = forward.decode(await weightsOf(options, /^(decoder|post_quant_conv)\./), planes);
  const { image } = await runOnce(await options.open('decoder'), {
    latents: floats(latents, [1, channels, height, width]),
  });
  return { error: relativeError(image!, expected.data), graph: 'decoder' };
}

async function checkEncoder(options: ForwardCheckOptions): Promise<Deviation> {
  const { sizes, forward } = options.vae!;
  const [channels, height, width] = [3, sizes.stride, 2 * sizes.stride];
  const pixels = numbers(channels * height * width, 5);
  const planes = { channels, height, width, data: Float64Array.from(pixels) };
  const expected = forward.encode!(await weightsOf(options, /^(encoder|quant_conv)\./), planes);
  const { moments } = await runOnce(await options.open('encoder'), {
    image: floats(pixels, [1, channels, height, width]),
  });
  return { error: relativeError(moments!, expected.data), graph: 'encoder' };
}

async function weightsOf({ vae }: ForwardCheckOptions, keys: RegExp): Promise<VaeWeights> {
  const weights: Record<string, ArrayLike<number>> = {};
  for (const key of vae!.forward.keys) if (keys.test(key)) weights[key] = await vae!.read(key);
  return weights;
}
