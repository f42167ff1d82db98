import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ConvertOptions, convertModel, GraphBuilder, saveGraph } from '@tessera/convert';
import type { Manifest } from '@tessera/format';
import { modelFolder } from '@tessera/model-tiny';
import { recordReferenceSample } from '@tessera/onnx';
import { loadModel } from '@tessera/runtime-node';
import { marKeys } from '../../../../convert/src/mar/mar-keys.js';
import { writeRandomCheckpoint } from '../../../../convert/src/testing/random-weights.js';

/** The embedded model's folder. */
export const embeddedModel = fileURLToPath(modelFolder);

const golden = (path: string): string =>
  fileURLToPath(new URL(`../../../../../fixtures/golden/${path}`, import.meta.url));

/** A small model: 8×8 tokens, 64 wide, some weights in files beside their graphs. */
export async function writeSmallModel(folder: string): Promise<void> {
  const config = JSON.parse(await readFile(golden('A/config.json'), 'utf8'));
  await writeModel(folder, {
    checkpoint: golden('A/weights.safetensors'),
    config: { ...config, vae_stride: 1 },
  });
}

/** The rows that a run of the tiny model's head has for a whole picture, and the width of z. */
export const TINY = { tokens: 16, channels: 16, width: 32 };

/**
 * The smallest model there is, for a GPU that is computed in software: a head evaluation of a whole picture takes a tenth
 * of the small model's.
 */
export async function writeTinyModel(folder: string): Promise<void> {
  const { width, channels } = TINY;
  const stack = { width, depth: 1, heads: 2, hidden: 2 * width };
  const keys = marKeys({
    grid: { height: 4, width: 4, channels },
    latents: { channels, patchSize: 1, stride: 1 },
    encoder: stack,
    decoder: stack,
    buffer: 4,
    classes: 10,
    head: { width, depth: 1 },
    epsilon: 1e-6,
  });
  const checkpoint = `${folder}.safetensors`;
  await writeRandomCheckpoint(checkpoint, keys);
  const config = { encoder_num_heads: 2, decoder_num_heads: 2, buffer_size: 4, vae_stride: 1 };
  await writeModel(folder, { checkpoint, config });
  await rm(checkpoint);
}

/** Converts a checkpoint, with an autoencoder of one convolution each way, and records what the model gives on Node. */
async function writeModel(folder: string, mar: ConvertOptions['mar']): Promise<void> {
  const { manifest } = await convertModel({
    mar,
    out: folder,
    name: 'small',
    licence: 'MIT',
    source: 'random numbers',
    inlineLimit: 200_000,
  });
  const { channels } = manifest.latents;
  await saveConvolution(folder, 'decoder', ['latents', channels], ['image', 3]);
  await saveConvolution(folder, 'encoder', ['image', 3], ['moments', 2 * channels]);
  const [variant] = manifest.variants;
  const components = {
    ...variant!.components,
    decoder: { path: 'onnx/decoder.onnx' },
    encoder: { path: 'onnx/encoder.onnx' },
  };
  const converted: Manifest = { ...manifest, variants: [{ ...variant!, components }] };
  const complete = await withFiles(folder, converted, ['onnx/decoder.onnx', 'onnx/encoder.onnx']);

  const model = await loadModel(folder, { device: 'cpu', threads: 1 });
  await writeFile(
    join(folder, 'parity.json'),
    JSON.stringify(await recordReferenceSample(model, { respacing: 'ddim8' })),
  );
  await model.dispose();
  await withFiles(folder, { ...complete, parity: 'parity.json' }, ['parity.json']);
}

/** A 1×1 convolution, clipped to ±1; its weights are 0.1·sin(0), 0.1·sin(1), … */
async function saveConvolution(
  folder: string,
  name: string,
  [input, from]: readonly [string, number],
  [output, to]: readonly [string, number],
): Promise<void> {
  const graph = new GraphBuilder(name);
  const x = graph.input(input, 'float32', ['batch', from, 'height', 'width']);
  const kernel = Float32Array.from({ length: from * to }, (_, i) => 0.1 * Math.sin(i));
  const sums = graph.op('Conv', [x, graph.floats(kernel, [to, from, 1, 1])], {
    dilations: { ints: [1, 1] },
    group: { int: 1 },
    kernel_shape: { ints: [1, 1] },
    pads: { ints: [0, 0, 0, 0] },
    strides: { ints: [1, 1] },
  });
  const limit = (value: number) => graph.floats(Float32Array.of(value), []);
  const pixels = graph.op('Clip', [sums, limit(-1), limit(1)]);
  graph.output(output, pixels, 'float32', ['batch', to, 'height', 'width']);
  await saveGraph(graph, join(folder, 'onnx', `${name}.onnx`), { storage: 'fp32' });
}

/** Writes the manifest with `paths` among its files. */
async function withFiles(folder: string, manifest: Manifest, paths: readonly string[]): Promise<Manifest> {
  const added = await Promise.all(
    paths.map(async (path) => {
      const bytes = await readFile(join(folder, path));
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return { path, bytes: bytes.length, sha256 };
    }),
  );
  const complete = { ...manifest, files: [...manifest.files, ...added] };
  await writeFile(join(folder, 'mar.json'), JSON.stringify(complete));
  return complete;
}
