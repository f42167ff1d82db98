import { type CancellationSignal, throwIfAborted } from '@tessera/core/model';
import type { VaeConfig } from '../autoencoder/vae-config.js';
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
import { forwardDecode, forwardEncode, type VaeWeights } from './vae-forward.js';

/**
 * What storage may cost, with room: half floats take 3e-3 of MAR-B's z, 8 bits 0.03 of the embedded model's and 4 bits 0.13.
 * A wrong number of heads or a missing weight changes as much as there is.
 */
const ALLOWED: Readonly<Record<WeightStorage, number>> = { fp32: 1e-3, fp16: 0.02, int8: 0.2, int4: 0.5 };

export interface ForwardCheckOptions {
  readonly mar: {
    readonly config: HeadSizes;
    readonly read: ReadTensor;
    /** Compares z, of which each family has a forward pass of its own. */
    readonly checkConditions: (source: ConditionSource) => Promise<Deviation>;
  };
  readonly vae?:
    | { readonly config: VaeConfig; readonly read: ReadTensor; readonly keys: readonly string[] }
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
  const { vae, signal, onOutput } = options;
  const steps = [
    ['z', ({ mar, open }: ForwardCheckOptions) => mar.checkConditions({ read: mar.read, open })],
    ['denoised', checkDenoiser],
    ...(vae
      ? ([
          ['image', checkDecoder],
          ['moments', checkEncoder],
        ] as const)
      : []),
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

async function checkDecoder(options: ForwardCheckOptions): Promise<Deviation> {
  const { config } = options.vae!;
  const [channels, height, width] = [config.latentChannels, 1, 2];
  const latents = numbers(channels * height * width, 4);
  const planes = { channels, height, width, data: Float64Array.from(latents) };
  const expected = forwardDecode(await weightsOf(options, /^(decoder|post_quant_conv)\./), config, planes);
  const { image } = await runOnce(await options.open('decoder'), {
    latents: floats(latents, [1, channels, height, width]),
  });
  return { error: relativeError(image!, expected.data), graph: 'decoder' };
}

async function checkEncoder(options: ForwardCheckOptions): Promise<Deviation> {
  const { config } = options.vae!;
  const [channels, height, width] = [3, config.stride, 2 * config.stride];
  const pixels = numbers(channels * height * width, 5);
  const planes = { channels, height, width, data: Float64Array.from(pixels) };
  const expected = forwardEncode(await weightsOf(options, /^(encoder|quant_conv)\./), config, planes);
  const { moments } = await runOnce(await options.open('encoder'), {
    image: floats(pixels, [1, channels, height, width]),
  });
  return { error: relativeError(moments!, expected.data), graph: 'encoder' };
}

async function weightsOf({ vae }: ForwardCheckOptions, keys: RegExp): Promise<VaeWeights> {
  const weights: Record<string, ArrayLike<number>> = {};
  for (const key of vae!.keys) if (keys.test(key)) weights[key] = await vae!.read(key);
  return weights;
}
