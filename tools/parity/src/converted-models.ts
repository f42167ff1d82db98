import { join } from 'node:path';
import {
  type Autoencoder,
  type AutoencoderConfigJson,
  convertAutoencoder,
  convertModel,
  type ModelConfigJson,
  openTensors,
  type TensorToWrite,
  writeSafetensors,
} from '@tessera/convert';
import type { ImageRgb, ModelInput } from '@tessera/core';
import { patchify } from '@tessera/core/model';
import type { Manifest } from '@tessera/format';
import { type GraphSession, MarGraphs, MarModel, type ModelGraphs, modelGraphs } from '@tessera/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { GoldenDataError } from './golden-data-error.js';
import { readJsonFields } from './json-fields.js';

/** A model of any family, converted: its graphs one by one, and as the sampling loop uses it. */
export interface ConvertedMar<Graphs = ModelGraphs<ModelInput>> {
  readonly graphs: Graphs;
  readonly model: MarModel;
}

/** How a recorded run's model differs from the stored weights. */
export interface MarForm {
  /** Each stack has so many times the blocks stored; block i is stored block i mod depth. @default 1 */
  readonly repeatBlocks?: number;
  /** The decoder block after which rows are dropped, for graphs with caches as well. @default no such graphs */
  readonly cutBlock?: number;
}

/** An autoencoder, converted. */
export interface ConvertedAutoencoder {
  readonly graphs: MarGraphs;
  readonly latentChannels: number;
  /** Latents are divided by this before they are decoded. */
  readonly latentScale: number;
  /** Pixels a latent cell spans, in each direction. */
  readonly stride: number;
  /** How bytes are made. @default to the nearest */
  readonly rounding?: 'down';
  /** Latents of a MAR model [channels, height, width] → a picture, as the model does it at the end of a run. */
  picture(latents: Float32Array, height: number, width: number): Promise<ImageRgb>;
}

const WEIGHTS = 'weights.safetensors';
const CONFIG = 'config.json';

/**
 * Converts the model of a golden directory, whose tensors tell its family.
 *
 * @param out the folder to write the graphs to; must not exist
 */
export async function convertMar(
  directory: string,
  out: string,
  { repeatBlocks = 1, cutBlock }: MarForm = {},
  openSession: OpenSession = openNodeSession,
): Promise<ConvertedMar> {
  const config = await readJsonFields(join(directory, CONFIG));
  const isNitro = config.values.family === 'nitro';
  if (!config.has('encoder_embed_dim') && !isNitro)
    throw new GoldenDataError(`${directory} holds no MAR model.`);
  const stored = join(directory, WEIGHTS);
  const sizes = config.values as unknown as ModelConfigJson;
  const { folder, manifest } = await convertModel({
    mar:
      repeatBlocks === 1
        ? { checkpoint: stored, config: sizes }
        : await repeated(stored, config.values, repeatBlocks, `${out}-weights`),
    ...(cutBlock === undefined ? {} : { caches: { cutBlock } }),
    out,
    dtype: 'fp32',
    name: 'golden',
    licence: 'none',
    source: directory,
  });
  const sessions: Record<string, GraphSession> = {};
  for (const [name, component] of Object.entries(manifest.variants[0]!.components)) {
    if (component) sessions[name] = await openSession(join(folder, component.path));
  }
  const graphs = modelGraphs(manifest, sessions, Tensor);
  return { graphs, model: new MarModel(graphs) };
}

/** A checkpoint whose stacks have the stored blocks `times` over. */
async function repeated(
  stored: string,
  config: Readonly<Record<string, unknown>>,
  times: number,
  checkpoint: string,
): Promise<{ checkpoint: string; config: ModelConfigJson }> {
  const file = await openTensors(stored);
  try {
    const depths = { encoder: 0, decoder: 0 };
    const blocks = file.names.map((name) => /^(encoder|decoder)_blocks\.(\d+)\.(.+)$/.exec(name));
    for (const match of blocks) {
      const [, side, block] = match ?? [];
      if (side === 'encoder' || side === 'decoder') depths[side] = Math.max(depths[side], Number(block) + 1);
    }
    const tensors: Record<string, TensorToWrite> = {};
    for (const [i, name] of file.names.entries()) {
      const tensor = { shape: file.shape(name), data: await file.readFloats(name) };
      const [, side, block, rest] = blocks[i] ?? [];
      if (side !== 'encoder' && side !== 'decoder') tensors[name] = tensor;
      else
        for (let k = 0; k < times; k++)
          tensors[`${side}_blocks.${Number(block) + k * depths[side]}.${rest}`] = tensor;
    }
    await writeSafetensors(checkpoint, tensors);
    const deeper = { encoder_depth: times * depths.encoder, decoder_depth: times * depths.decoder };
    return { checkpoint, config: { ...config, ...deeper } as unknown as ModelConfigJson };
  } finally {
    await file.close();
  }
}

/** Converts the autoencoder of a golden directory. */
export async function convertVae(
  directory: string,
  out: string,
  openSession: OpenSession = openNodeSession,
): Promise<ConvertedAutoencoder> {
  const given = await readJsonFields(join(directory, CONFIG));
  const isDcAe = given.values.family === 'dc-ae';
  if (!given.has('ch_mult') && !isDcAe) throw new GoldenDataError(`${directory} holds no autoencoder.`);
  const { config, decoder, encoder } = await convertAutoencoder({
    checkpoint: join(directory, WEIGHTS),
    config: given.values as unknown as AutoencoderConfigJson,
    out,
    dtype: 'fp32',
  });
  const sessions = {
    decoder: await openSession(decoder),
    ...(encoder ? { encoder: await openSession(encoder) } : {}),
  };
  const { latentChannels, latentScale, stride } = config;
  const manifestOf = (height: number, width: number) =>
    pictureManifest({ height, width, channels: latentChannels }, config);
  return {
    graphs: new MarGraphs(manifestOf(1, 1), sessions, Tensor),
    latentChannels,
    latentScale,
    stride,
    ...(config.rounding ? { rounding: config.rounding } : {}),
    async picture(latents, height, width) {
      const model = new MarModel(new MarGraphs(manifestOf(height, width), sessions, Tensor));
      const tokens = patchify(latents, model.shape, 1);
      const known = new Uint8Array(height * width).fill(1);
      const [picture] = await model.decode([{ shape: model.shape, tokens, known }]);
      return picture!;
    },
  };
}

/** A manifest under which an autoencoder alone can make pictures of a grid of one-cell tokens. */
function pictureManifest(
  grid: Manifest['grid'],
  { latentScale: scale, stride, rounding }: Pick<Autoencoder, 'latentScale' | 'stride' | 'rounding'>,
): Manifest {
  return {
    format: 'tessera-mar',
    version: 1,
    name: 'golden autoencoder',
    licence: 'none',
    source: 'golden',
    grid,
    condition: { kind: 'class', count: 1 },
    widths: { encoder: 1, decoder: 1, head: 1 },
    headDepth: 1,
    latents: { channels: grid.channels, patchSize: 1, scale, stride, ...(rounding ? { rounding } : {}) },
    diffusion: { schedule: 'cosine', trainSteps: 1000, variance: 'learned-range' },
    sampling: { guidance: { schedule: 'constant', scale: 1 }, temperature: 1 },
    variants: [],
    files: [],
  };
}

/** Opens a graph file, whose weights are inside it. */
export type OpenSession = (path: string) => Promise<GraphSession>;

/** Opens it on the CPU. */
export function openNodeSession(path: string): Promise<GraphSession> {
  return InferenceSession.create(path, {
    intraOpNumThreads: 2,
    // Several sessions live at once: the spinning threads of idle ones would take the cores from the busy one.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
    logSeverityLevel: 3,
  });
}
