import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Checkpoint } from '../checkpoint/checkpoint.js';
import { openTensors } from '../checkpoint/open-tensors.js';
import type { TensorFile } from '../checkpoint/tensor-file.js';
import { saveGraph } from '../graph/graph-file.js';
import {
  float32,
  golden,
  goldenJson,
  inTemporaryFolder,
  int32,
  largestError,
  openGraph,
  run,
} from '../testing/golden.js';
import { type MarConfig, type MarConfigJson, resolveMarConfig } from './mar-config.js';
import { type MarGraphSet, marGraphs } from './mar-graphs.js';

type Sessions = Record<keyof MarGraphSet, InferenceSession>;

async function openSessions(graphs: MarGraphSet, storage: 'fp32' | 'fp16'): Promise<Sessions> {
  const open = (name: keyof MarGraphSet) => openGraph(graphs[name], { storage });
  return {
    transformer: await open('transformer'),
    embed: await open('embed'),
    project: await open('project'),
    modulate: await open('modulate'),
    denoise: await open('denoise'),
  };
}

describe.each(['fp32', 'fp16'] as const)('the graphs of the recorded model, weights in %s', (storage) => {
  // The recorded weights are half floats but for the layer that is never narrowed, so nothing may be lost.
  const tolerance = 5e-5;
  let weights: TensorFile;
  let sessions: Sessions;
  let config: MarConfig;

  beforeAll(async () => {
    weights = await openTensors(golden('A/weights.safetensors'));
    const checkpoint = new Checkpoint(weights, 'fake_latent');
    config = resolveMarConfig(await goldenJson<MarConfigJson>('A/config.json'), checkpoint);
    sessions = await openSessions(marGraphs(config, checkpoint), storage);
  });
  afterAll(async () => {
    await weights.close();
    for (const session of Object.values(sessions)) await session.release();
  });

  it.each(['all', 'half', 'one', 'most'])(
    'compute the reference’s z and encoder rows for the mask "%s"',
    async (mask) => {
      const file = await openTensors(golden('A/forward.safetensors'));
      const { grid, encoder, decoder, buffer } = config;
      const length = grid.height * grid.width;
      const tokens = await file.readFloats('tokens');
      const labels = (await file.read('labels')) as Int32Array;
      const masked = await file.readFloats(`mask.${mask}`);
      const batch = labels.length;
      const all = Array.from({ length }, (_, position) => position);
      const rows = Array.from({ length: batch }, (_, image) => ({
        visible: all.filter((position) => masked[image * length + position] === 0),
        targets: all.filter((position) => masked[image * length + position] === 1),
      }));
      const known = rows[0]!.visible.length;
      const input = new Float32Array(batch * known * grid.channels);
      rows.forEach(({ visible }, image) => {
        visible.forEach((position, row) => {
          const source = (image * length + position) * grid.channels;
          input.set(tokens.subarray(source, source + grid.channels), (image * known + row) * grid.channels);
        });
      });
      for (const kind of ['class', 'null'] as const) {
        if (!file.has(`z.${mask}.${kind}`)) continue;
        const { z, encoded } = await run(sessions.transformer, {
          tokens: float32(input, [batch, known, grid.channels]),
          positions: int32(
            rows.flatMap(({ visible, targets }) => [...visible, ...targets]),
            [batch, length],
          ),
          labels: int32(kind === 'null' ? labels.map(() => config.classes) : labels, [batch]),
          target_count: int32([length - known], [1]),
        });
        const reference = await file.readFloats(`z.${mask}.${kind}`);
        const expected = rows.flatMap(({ targets }, image) =>
          targets.flatMap((position) => {
            const source = (image * length + position) * decoder.width;
            return [...reference.subarray(source, source + decoder.width)];
          }),
        );
        expect(largestError(z!, expected)).toBeLessThan(2e-5);
        if (file.has(`enc.${mask}.${kind}`)) {
          expect(encoded).toHaveLength(batch * (buffer + known) * encoder.width);
          expect(largestError(encoded!, await file.readFloats(`enc.${mask}.${kind}`))).toBeLessThan(2e-5);
        }
      }
      await file.close();
    },
  );

  it('compute the reference’s time embedding and denoiser, with rows that differ in their timestep', async () => {
    const file = await openTensors(golden('A/denoise.safetensors'));
    const { grid, decoder, head } = config;
    const t = (await file.read('t')) as Int32Array;
    const count = t.length;
    const { time_embed, sinusoid } = await run(sessions.embed, {
      timesteps: float32(Float32Array.from(t), [count]),
    });
    const { z_embed } = await run(sessions.project, {
      z: float32(await file.readFloats('c'), [1, count, decoder.width]),
      rows: int32([...t.keys()], [count]),
    });
    expect(largestError(sinusoid!, await file.readFloats('time_embedding'))).toBeLessThan(1e-6);
    expect(largestError(time_embed!, await file.readFloats('time_embed'))).toBeLessThan(2e-5);
    const { modulation } = await run(sessions.modulate, {
      time_embed: float32(time_embed!, [count, head.width]),
      z_embed: float32(z_embed!, [count, head.width]),
    });
    const x = await file.readFloats('x');
    const expected = await file.readFloats('out');
    for (let step = 0; step < count; step++) {
      const { out } = await run(sessions.denoise, {
        x: float32(x, [count, grid.channels]),
        modulation: float32(modulation!, [count, count, modulation!.length / count ** 2]),
        step: int32([step], [1]),
      });
      const row = [step * 2 * grid.channels, (step + 1) * 2 * grid.channels] as const;
      expect(largestError(out!.subarray(...row), expected.subarray(...row))).toBeLessThan(tolerance);
    }
    await file.close();
  });

  it('give both halves of a guided step the same x', async () => {
    const file = await openTensors(golden('A/denoise.safetensors'));
    const { grid, decoder, head } = config;
    const c = await file.readFloats('cfg.c');
    const x = await file.readFloats('cfg.x');
    const timesteps = (await file.read('cfg.t')) as Int32Array;
    const rows = timesteps.length;
    const half = rows / 2;
    const { time_embed } = await run(sessions.embed, {
      timesteps: float32(Float32Array.from(timesteps), [rows]),
    });
    const { z_embed } = await run(sessions.project, {
      z: float32(c, [2, half, decoder.width]),
      rows: int32([...timesteps.keys()], [rows]),
    });
    const { modulation } = await run(sessions.modulate, {
      time_embed: float32(time_embed!, [rows, head.width]),
      z_embed: float32(z_embed!, [rows, head.width]),
    });
    const width = 2 * grid.channels;
    const expected = { 1.5: await file.readFloats('cfg.out.1.5'), 3: await file.readFloats('cfg.out.3.0') };
    for (let row = 0; row < half; row++) {
      const { out } = await run(sessions.denoise, {
        x: float32(x.slice(0, half * grid.channels), [half, grid.channels]),
        modulation: float32(modulation!, [rows, rows, modulation!.length / rows ** 2]),
        step: int32([row], [1]),
      });
      const conditional = out!.subarray(row * width, (row + 1) * width);
      const unconditional = out!.subarray((half + row) * width, (half + row + 1) * width);
      for (const scale of [1.5, 3] as const) {
        const noise = conditional.map((value, i) => unconditional[i]! + scale * (value - unconditional[i]!));
        const guided = [...noise.subarray(0, grid.channels), ...conditional.subarray(grid.channels)];
        const reference = expected[scale].subarray(row * width, (row + 1) * width);
        expect(largestError(guided, reference)).toBeLessThan(tolerance);
      }
    }
    await file.close();
  });
});

describe('weights in half floats', () => {
  it('are widened when a graph is loaded, not each time it runs', async () => {
    const weights = await openTensors(golden('A/weights.safetensors'));
    const checkpoint = new Checkpoint(weights, 'fake_latent');
    const config = resolveMarConfig(await goldenJson<MarConfigJson>('A/config.json'), checkpoint);
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, 'transformer.onnx');
      await saveGraph(marGraphs(config, checkpoint).transformer, path, { storage: 'fp16' });
      const optimizedModelFilePath = join(folder, 'optimised.onnx');
      const session = await InferenceSession.create(path, { optimizedModelFilePath, logSeverityLevel: 3 });
      await session.release();
      expect((await readFile(path)).includes('Cast')).toBe(true);
      expect((await readFile(optimizedModelFilePath)).includes('Cast')).toBe(false);
    });
    await weights.close();
  });
});
