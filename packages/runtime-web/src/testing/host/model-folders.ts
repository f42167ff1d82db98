import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { convertModel, GraphBuilder, saveGraph } from '@tessera/convert';
import type { Manifest } from '@tessera/format';
import { modelFolder } from '@tessera/model-tiny';
import { recordReferenceSample } from '@tessera/onnx';
import { loadModel } from '@tessera/runtime-node';

/** The embedded model's folder. */
export const embeddedModel = fileURLToPath(modelFolder);

const golden = (path: string): string =>
  fileURLToPath(new URL(`../../../../../fixtures/golden/${path}`, import.meta.url));

/**
 * Writes the smallest model there is: 8×8 tokens, 64 wide, an autoencoder of one convolution each way, some weights in
 * files beside their graphs, and a reference sample of what it gives on Node.
 */
export async function writeSmallModel(folder: string): Promise<void> {
  const config = JSON.parse(await readFile(golden('A/config.json'), 'utf8'));
  const { manifest } = await convertModel({
    mar: { checkpoint: golden('A/weights.safetensors'), config: { ...config, vae_stride: 1 } },
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
  await writeFile(join(folder, 'parity.json'), JSON.stringify(await recordReferenceSample(model)));
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
