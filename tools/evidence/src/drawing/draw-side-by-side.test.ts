import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { evaluateInFolder, judgingFor } from '@tessera/cli/evaluation';
import { samplingNamed, samplingOf } from '@tessera/recipe';
import { expect, onTestFinished, test } from 'vitest';
import { armsOf } from '../run-study.js';
import { ORDER } from '../studies/order.js';
import { useModel } from '../use-model.js';
import { drawSideBySide } from './draw-side-by-side.js';

const script = fileURLToPath(new URL('../../dist/draw-worker.js', import.meta.url));
const { signal } = new AbortController();
const sizes = { n: 24, seed: 1, batch: 12 };

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'evidence-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function arms() {
  const used = await useModel(undefined, 1);
  onTestFinished(() => used.model.dispose());
  const study = {
    ...ORDER,
    arms: ['random', 'raster', 'halton'].map((name) => ({ name, text: `${name}:2x2` })),
  };
  return { used, arms: armsOf(study, used) };
}

test('two processes draw what one would, each way of sampling once', { timeout: 120_000 }, async () => {
  const [store, other] = [await temporaryFolder(), await temporaryFolder()];
  const { used, arms: all } = await arms();
  const lines: string[] = [];
  await drawSideBySide({
    task: { ...sizes, store, threads: 1 },
    workers: 2,
    arms: [...all, { ...all[0]!, name: 'random by another name' }],
    signal,
    script,
    say: (line) => lines.push(line),
  });
  expect(lines).toHaveLength((3 * sizes.n) / sizes.batch);
  expect(lines.at(-1)).toMatch(/^drawing \w+ {2}24\/24 {2}0\.\d+ s\/image {2}0 s left$/);
  const judging = await judgingFor({ classes: used.model.manifest.condition, cacheFolder: store, signal });
  const evaluated = async (folder: string) => {
    let drawn = 0;
    const { document } = await evaluateInFolder({
      ...{
        ...judging,
        ...sizes,
        used,
        folder,
        arms: all,
        keep: sizes.n,
        resamples: 100,
        command: '',
        signal,
      },
      onProgress: ({ phase }) => {
        if (phase === 'drawing') drawn++;
      },
    });
    return { drawn, metrics: document.arms.map(({ metrics }) => metrics) };
  };
  const kept = await evaluated(store);
  expect(kept.drawn).toBe(0);
  expect((await evaluated(other)).metrics).toEqual(kept.metrics);
});

test('a process that fails stops the others and is quoted', { timeout: 60_000 }, async () => {
  const store = join(await temporaryFolder(), 'in-the-way');
  await writeFile(store, '');
  const { arms: all } = await arms();
  const failing = drawSideBySide({
    task: { ...sizes, store, threads: 1 },
    workers: 2,
    arms: all,
    signal,
    script,
    say: () => {},
  });
  await expect(failing).rejects.toThrow(/in-the-way/);
});

test('a stop reaches all processes', { timeout: 60_000 }, async () => {
  const controller = new AbortController();
  const { arms: all } = await arms();
  const stopped = drawSideBySide({
    task: { ...sizes, store: await temporaryFolder(), threads: 1 },
    workers: 2,
    arms: all,
    signal: controller.signal,
    script,
    say: () => controller.abort(new Error('enough')),
  });
  await expect(stopped).rejects.toThrow('enough');
});

test('a stop from before the start lets no process begin', async () => {
  const script = join(await temporaryFolder(), 'ends-at-once.js');
  await writeFile(script, '');
  const sampling = samplingOf(samplingNamed('mar:2x2'), {
    guidance: { schedule: 'linear', scale: 3 },
    temperature: 1,
  });
  const stopped = drawSideBySide({
    task: { ...sizes, store: await temporaryFolder(), threads: 1 },
    workers: 2,
    arms: [{ name: 'mar', sampling }],
    signal: AbortSignal.abort(new Error('enough')),
    script,
    say: () => {},
  });
  await expect(stopped).rejects.toThrow('enough');
});
