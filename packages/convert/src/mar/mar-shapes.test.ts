import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Checkpoint } from '../checkpoint/checkpoint.js';
import { openTensors } from '../checkpoint/open-tensors.js';
import type { ReadTensor } from '../forward/float64-layers.js';
import { forwardConditions, forwardDenoise } from '../forward/mar-forward.js';
import { float32, inTemporaryFolder, int32, largestError, openGraph, run } from '../testing/golden.js';
import { randomArray, randomNumbers, writeRandomCheckpoint } from '../testing/random-weights.js';
import { type MarConfig, type MarConfigJson, resolveMarConfig } from './mar-config.js';
import { marGraphs } from './mar-graphs.js';
import { marKeys } from './mar-keys.js';

const base: MarConfig = {
  grid: { height: 3, width: 4, channels: 8 },
  latents: { channels: 2, patchSize: 2, stride: 8 },
  encoder: { width: 12, depth: 2, heads: 3, hidden: 20 },
  decoder: { width: 16, depth: 2, heads: 2, hidden: 24 },
  buffer: 3,
  classes: 4,
  head: { width: 12, depth: 2 },
  epsilon: 1e-6,
};

/** Only what can't be read off the tensors. */
const json = ({ grid, latents, encoder, decoder }: MarConfig): MarConfigJson => ({
  encoder_num_heads: encoder.heads,
  decoder_num_heads: decoder.heads,
  seq_h: grid.height,
  vae_stride: latents.stride,
  patch_size: latents.patchSize,
});

async function withRandomModel(
  config: MarConfig,
  body: (model: { graphs: ReturnType<typeof marGraphs>; read: ReadTensor }) => Promise<void>,
): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, 'mar.safetensors');
    await writeRandomCheckpoint(path, marKeys(config));
    const file = await openTensors(path);
    const checkpoint = new Checkpoint(file, 'fake_latent');
    const resolved = resolveMarConfig(json(config), checkpoint);
    expect(resolved).toEqual(config);
    await body({ graphs: marGraphs(resolved, checkpoint), read: (key) => checkpoint.read(key) });
    await file.close();
  });
}

const shapes: [string, MarConfig][] = [
  ['an encoder narrower than the decoder, patches of 2 and a grid that is not square', base],
  ['no buffer', { ...base, buffer: 0 }],
  [
    'one block a side and a decoder narrower than the encoder',
    {
      ...base,
      encoder: { ...base.encoder, width: 18, depth: 1 },
      decoder: { ...base.decoder, width: 10, depth: 1 },
    },
  ],
];

describe.each(shapes)('a model with %s', (_, config) => {
  const { grid, encoder, decoder, buffer } = config;
  const { channels } = grid;
  const length = grid.height * grid.width;

  it('gives the reference’s z at any targets, for any visible set and order of positions', async () => {
    await withRandomModel(config, async ({ graphs, read }) => {
      const session = await openGraph(graphs.transformer);
      const next = randomNumbers(3);
      // With no buffer and nothing visible, the encoder has no row at all.
      const cases = [
        [0, length],
        [0, 2],
        [5, 3],
        [5, 7],
        [length - 1, 1],
      ] as const;
      for (const [visible, targets] of cases) {
        const images = [null, 2, 0].map((label) => {
          const order = Array.from({ length }, (_, i) => ({ i, key: next() }))
            .sort((a, b) => a.key - b.key)
            .map(({ i }) => i);
          return { label, tokens: randomArray(length * channels, next), order };
        });
        const known = images.flatMap(({ tokens, order }) =>
          order.slice(0, visible).flatMap((p) => [...tokens.subarray(p * channels, (p + 1) * channels)]),
        );
        const { z, encoded } = await run(session, {
          tokens: float32(Float32Array.from(known), [images.length, visible, channels]),
          positions: int32(
            images.flatMap(({ order }) => order),
            [images.length, length],
          ),
          labels: int32(
            images.map(({ label }) => label ?? config.classes),
            [images.length],
          ),
          target_count: int32([targets], [1]),
        });
        for (const [image, { label, tokens, order }] of images.entries()) {
          const reference = await forwardConditions(read, config, {
            label,
            known: order.slice(0, visible).map((position) => ({
              position,
              token: tokens.subarray(position * channels, (position + 1) * channels),
            })),
            masked: order.slice(visible).map((position) => ({ position })),
          });
          const expected = reference.z.slice(-targets).flatMap((row) => [...row]);
          const size = targets * decoder.width;
          expect(largestError(z!.subarray(image * size, (image + 1) * size), expected)).toBeLessThan(2e-5);
          const rows = reference.encoded.flatMap((row) => [...row]);
          const encodedSize = (buffer + visible) * encoder.width;
          const actual = encoded!.subarray(image * encodedSize, (image + 1) * encodedSize);
          expect(largestError(actual, rows)).toBeLessThan(2e-5);
        }
      }
      await session.release();
    });
  });

  it('gives the reference’s ε and v for every step of a modulation, with and without guidance', async () => {
    await withRandomModel(config, async ({ graphs, read }) => {
      const [embed, project, modulate, denoise] = await Promise.all(
        [graphs.embed, graphs.project, graphs.modulate, graphs.denoise].map((graph) => openGraph(graph)),
      );
      const timesteps = [999, 333, 0];
      const next = randomNumbers(5);
      for (const [n, rows] of [
        [4, 4],
        [4, 8],
        [1, 2],
      ] as [number, number][]) {
        const z = randomArray(rows * decoder.width, next);
        const x = randomArray(n * channels, next);
        const { time_embed } = await run(embed!, {
          timesteps: float32(Float32Array.from(timesteps), [timesteps.length]),
        });
        // The wanted rows stand backwards behind one that is not wanted.
        const { z_embed } = await run(project!, {
          z: float32(reversedBehind(randomArray(decoder.width, next), z), [1, rows + 1, decoder.width]),
          rows: int32(
            Array.from({ length: rows }, (_, row) => rows - row),
            [rows],
          ),
        });
        const { modulation } = await run(modulate!, {
          time_embed: float32(time_embed!, [timesteps.length, config.head.width]),
          z_embed: float32(z_embed!, [rows, config.head.width]),
        });
        for (const [step, timestep] of timesteps.entries()) {
          const { out } = await run(denoise!, {
            x: float32(x, [n, channels]),
            modulation: float32(modulation!, [
              timesteps.length,
              rows,
              modulation!.length / timesteps.length / rows,
            ]),
            step: int32([step], [1]),
          });
          const expected: number[] = [];
          for (let r = 0; r < rows; r++) {
            const token = Float64Array.from(x.subarray((r % n) * channels, ((r % n) + 1) * channels));
            const condition = Float64Array.from(z.subarray(r * decoder.width, (r + 1) * decoder.width));
            expected.push(...(await forwardDenoise(read, config, token, timestep, condition)));
          }
          expect(largestError(out!, expected)).toBeLessThan(1e-4);
        }
      }
      for (const session of [embed, project, modulate, denoise]) await session!.release();
    });
  });
});

/** `row`, then the rows of `all` in reversed order. */
function reversedBehind(row: Float32Array, all: Float32Array): Float32Array {
  const out = new Float32Array(row.length + all.length);
  for (let end = all.length; end > 0; end -= row.length) {
    out.set(all.subarray(end - row.length, end), row.length + all.length - end);
  }
  out.set(row);
  return out;
}
