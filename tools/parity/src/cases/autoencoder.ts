import { openAutoencoder, openTensors } from '@tessera/convert';
import { pixelsFromPlanes } from '@tessera/onnx';
import { Tensor } from 'onnxruntime-node';
import { type Check, compare, compareRelative } from '../compare.js';
import type { GoldenCase } from '../golden-case.js';
import { type GoldenTensors, rowsOf } from '../golden-files.js';
import { runProbe } from '../probe.js';
import { differingBytes, TOLERANCES } from '../tolerances.js';

type Extents = readonly [number, number, number, number];

/** `z`, or `latents` still to be divided by the latent scale → `image` [B, 3, H, W] and its bytes. */
export async function replayDecode(golden: GoldenCase): Promise<readonly Check[]> {
  const { fields, tensors, autoencoder } = golden;
  const file = await tensors(fields.text('file'));
  if (!file.has('z')) return [...(await replayDecodeScaled(golden)), ...(await checkLevels(golden, file))];
  const { graphs, latentChannels } = await autoencoder();
  const z = file.get('z', [undefined, latentChannels, undefined, undefined]);
  const planes = await graphs.decode(z.data, z.shape as Extents);
  return checkPlanes(file, planes);
}

/** `latents` of a MAR model, still to be divided by the latent scale → `image` and its bytes. */
export async function replayDecodeScaled({
  fields,
  tensors,
  autoencoder,
}: GoldenCase): Promise<readonly Check[]> {
  const file = await tensors(fields.text('file'));
  const { graphs, latentChannels, latentScale, picture, rounding } = await autoencoder();
  const latents = file.get('latents', [undefined, latentChannels, undefined, undefined]);
  const planes = await graphs.decode(
    latents.data.map((value) => value / latentScale),
    latents.shape as Extents,
  );
  const [, , height, width] = latents.shape as Extents;
  const pictures: number[] = [];
  for (const row of rowsOf(latents))
    for (const byte of (await picture(row, height, width)).data) pictures.push(byte);
  return [...checkPlanes(file, planes, rounding), ...checkBytes('picture', file, pictures)];
}

/** `image` → `moments` [B, 2Cv, h, w], and the mean, clamped log variance and deviation that follow from them. */
export async function replayEncode({ fields, tensors, autoencoder }: GoldenCase): Promise<readonly Check[]> {
  const file = await tensors(fields.text('file'));
  const { graphs, latentChannels } = await autoencoder();
  const image = file.get('image', [undefined, 3, undefined, undefined]);
  const expected = file.get('moments', [image.shape[0], 2 * latentChannels, undefined, undefined]);
  const moments = await graphs.encode(image.data, image.shape as Extents);
  const checks = [compare('moments', moments, expected.data, TOLERANCES.autoencoder)];
  const samples = rowsOf({ shape: expected.shape, data: moments });
  const half = samples[0]!.length / 2;
  const mean = samples.flatMap((row) => [...row.subarray(0, half)]);
  const logVariance = samples
    .flatMap((row) => [...row.subarray(half)])
    .map((v) => Math.min(20, Math.max(-30, v)));
  for (const [name, actual] of Object.entries({ mean, logvar_clamped: logVariance })) {
    if (file.has(name)) checks.push(compare(name, actual, file.get(name).data, TOLERANCES.autoencoder));
  }
  if (file.has('std')) {
    // An error of the logarithm is a share of the deviation, which may be large.
    const std = logVariance.map((value) => Math.exp(value / 2));
    checks.push(compareRelative('std', std, file.get('std').data, TOLERANCES.autoencoder, 1));
  }
  return checks;
}

/** DC-AE: `level.N`, after each level, and `attn.LEVEL.LAYER`, after a layer's attention, of the same latents. */
async function checkLevels(
  { path, openSession }: GoldenCase,
  file: GoldenTensors,
): Promise<readonly Check[]> {
  const recorded = file.matching(/^(level)\.(\d+)$|^(attn)\.(\d+)\.(\d+)$/);
  if (recorded.length === 0) return [];
  const weights = await openTensors(path('weights.safetensors'));
  try {
    const { autoencoder } = openAutoencoder('dc-ae', weights);
    const decoder = autoencoder.graphs.decoder!;
    const marks = [...decoder.marks.keys()];
    const latents = file.get('latents');
    const outputs = await runProbe(openSession, decoder.expose(), {
      latents: new Tensor(
        'float32',
        latents.data.map((value) => value / autoencoder.latentScale),
        latents.shape,
      ),
    });
    return recorded.map(({ name, groups: [, level, , of, layer] }) => {
      const stem = `decoder.up_blocks.${level ?? of}`;
      const mark = level
        ? marks.filter((each) => each.startsWith(`${stem}.`) && !each.endsWith('.attn')).at(-1)!
        : `${stem}.${layer}.attn`;
      const tolerance = level ? TOLERANCES.autoencoderLevel : TOLERANCES.autoencoderAttention;
      return compare(name, outputs[mark] ?? [], file.get(name).data, tolerance);
    });
  } finally {
    await weights.close();
  }
}

function checkPlanes(file: GoldenTensors, planes: Float32Array, rounding?: 'down'): readonly Check[] {
  const image = file.get('image', [undefined, 3, undefined, undefined]);
  const [, , height, width] = image.shape as Extents;
  const rows = rowsOf({ shape: image.shape, data: planes });
  const check = compare('image', planes, image.data, TOLERANCES.autoencoder);
  const bytes = rows.flatMap((row) => [...pixelsFromPlanes(row, height, width, rounding).data]);
  return [check, ...checkBytes('image_u8_hwc_rgb', file, bytes)];
}

/** Bytes [B, H, W, 3]: a few may round the other way. */
function checkBytes(what: string, file: GoldenTensors, bytes: readonly number[]): readonly Check[] {
  if (!file.has('image_u8_hwc_rgb')) return [];
  const expected = file.get('image_u8_hwc_rgb', [undefined, undefined, undefined, 3]).data;
  const differing = expected.reduce((count, value, i) => count + (value === bytes[i] ? 0 : 1), 0);
  return [
    compare(what, bytes, expected, TOLERANCES.byte),
    { what: `${what}, differing bytes`, error: differing, tolerance: differingBytes(expected.length) },
  ];
}
