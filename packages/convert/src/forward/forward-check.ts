import { type CancellationSignal, throwIfAborted } from '@tessera/core/model';
import { type ForwardCheck, ForwardCheckError } from '../errors.js';
import type { WeightStorage } from '../graph/weight-storage.js';
import type { HeadSizes } from '../mar/mar-config.js';
import type { ReadTensor } from './float64-layers.js';
import {
  type ConditionSource,
  type Deviation,
  floats,
  integers,
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

export interface ForwardCheckOptions {
  readonly mar: {
    readonly config: HeadSizes;
    /** Of the graph `chain`, if there is one. */
    readonly chainSteps?: number | undefined;
    readonly read: ReadTensor;
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
  const { grid, decoder, head } = mar.config;
  const timestep = 500;
  const z = numbers(decoder.width, 2);
  const x = numbers(grid.channels, 3);
  const expected = await forwardDenoise(
    mar.read,
    mar.config,
    Float64Array.from(x),
    timestep,
    Float64Array.from(z),
  );
  const { time_embed } = await runOnce(await open('embed'), {
    timesteps: floats(Float32Array.of(timestep), [1]),
  });
  const { z_embed } = await runOnce(await open('project'), {
    z: floats(z, [1, 1, decoder.width]),
    rows: integers([0], [1]),
  });
  const { modulation } = await runOnce(await open('modulate'), {
    time_embed: floats(time_embed!, [1, head.width]),
    z_embed: floats(z_embed!, [1, head.width]),
  });
  const { out } = await runOnce(await open('denoise'), {
    x: floats(x, [1, grid.channels]),
    modulation: floats(modulation!, [1, 1, modulation!.length]),
    step: integers([0], [1]),
  });
  return { error: relativeError(out!, expected), graph: 'denoise' };
}

/** A guided chain of Euler steps of equal length, of one token. */
async function checkChain({ mar, open }: ForwardCheckOptions): Promise<Deviation> {
  const { config, read, chainSteps: steps = 1 } = mar;
  const { channels } = config.grid;
  const halves = [numbers(config.decoder.width, 2), numbers(config.decoder.width, 6)] as const;
  const initial = numbers(channels, 3);
  const [scale, size] = [2, -1 / steps];
  const timesteps = Float32Array.from({ length: steps }, (_, step) => 1000 * (1 - step / steps));
  let expected = Float64Array.from(initial);
  for (const timestep of timesteps) {
    const [conditional, unconditional] = [
      await forwardDenoise(read, config, expected, timestep, Float64Array.from(halves[0])),
      await forwardDenoise(read, config, expected, timestep, Float64Array.from(halves[1])),
    ];
    expected = expected.map((value, i) => {
      const without = unconditional[i]!;
      return value + size * (without + scale * (conditional[i]! - without));
    });
  }
  const { tokens } = await runOnce(await open('chain'), {
    x: floats(initial, [1, channels]),
    z: floats(Float32Array.of(...halves[0], ...halves[1]), [2, 1, config.decoder.width]),
    rows: integers([0, 1], [2]),
    timesteps: floats(timesteps, [steps]),
    factors: floats(
      Float32Array.from({ length: 2 * steps }, (_, i) => (i % 2 === 0 ? 1 : size)),
      [steps, 2],
    ),
    scales: floats(new Float32Array(steps).fill(scale), [steps, 1, 1]),
  });
  return { error: relativeError(tokens!, expected), graph: 'chain' };
}

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
