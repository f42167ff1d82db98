import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { evaluateInFolder, judgingFor } from '@tessera/evaluation-report';
import { samplingNamed, samplingOf } from '@tessera/format';
import { expect, onTestFinished, test } from 'vitest';
import { variantsOf } from '../run-study.js';
import { ORDER } from '../studies/order.js';
import { useModel } from '../use-model.js';
import { drawSideBySide } from './draw-side-by-side.js';

const script = fileURLToPath(new URL('../../dist/draw-worker.js', import.meta.url));
const { signal } = new AbortController();
const sizes = { n: 24, seed: 1, batch: 12 };

const TWO_ARMS = ['mar:2x2', 'halton:2x2'].map((text) => ({
  name: text,
  sampling: samplingOf(samplingNamed(text), { guidance: { schedule: 'linear', scale: 3 }, temperature: 1 }),
}));

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
  return { used, arms: variantsOf(study, used) };
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
        variants: all,
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

test('a process that fails is quoted', { timeout: 60_000 }, async () => {
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

test('a process that fails stops the others', async () => {
  const { folder, drawing } = await idleProcesses({ failing: true });
  await expect(drawing(signal)).rejects.toThrow('out of paper');
  await expect.poll(() => stoppedIn(folder)).toEqual(['second']);
});

test('a stop reaches all processes', async () => {
  const { folder, drawing } = await idleProcesses({ failing: false });
  const controller = new AbortController();
  const drawn = drawing(controller.signal);
  await expect.poll(() => existsSync(join(folder, 'second'))).toBe(true);
  controller.abort(new Error('enough'));
  await expect(drawn).rejects.toThrow('enough');
  await expect.poll(() => stoppedIn(folder)).toEqual(['first', 'second']);
});

/** Two processes that draw nothing and say in a folder that they were stopped. The first fails once the second is there. */
async function idleProcesses({ failing }: { readonly failing: boolean }) {
  const folder = await temporaryFolder();
  const script = join(folder, 'idle.mjs');
  await writeFile(
    script,
    `import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
    import { join } from 'node:path';
    const { store } = JSON.parse(process.argv[2]);
    const named = (name) => {
      try {
        mkdirSync(join(store, name));
        return true;
      } catch {
        return false;
      }
    };
    // Made before the folder, which says that a stop would be heard.
    let me = 'second';
    process.once('SIGINT', () => {
      writeFileSync(join(store, me + '.stopped'), '');
      process.exit(1);
    });
    if (named('first')) me = 'first';
    else named('second');
    process.send({ type: 'ready' });
    setInterval(() => {
      if (!${failing} || me !== 'first' || !existsSync(join(store, 'second'))) return;
      process.send({ type: 'failed', message: 'out of paper' }, () => process.exit(1));
    }, 20);`,
  );
  const drawing = (signal: AbortSignal) =>
    drawSideBySide({
      task: { ...sizes, store: folder, threads: 1 },
      workers: 2,
      arms: TWO_ARMS,
      signal,
      script,
      say: () => {},
    });
  return { folder, drawing };
}

async function stoppedIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => name.endsWith('.stopped'))
    .map((name) => name.slice(0, -'.stopped'.length))
    .sort();
}

test('a stop from before the start lets no process begin', async () => {
  const script = join(await temporaryFolder(), 'ends-at-once.js');
  await writeFile(script, '');
  const stopped = drawSideBySide({
    task: { ...sizes, store: await temporaryFolder(), threads: 1 },
    workers: 2,
    arms: TWO_ARMS,
    signal: AbortSignal.abort(new Error('enough')),
    script,
    say: () => {},
  });
  await expect(stopped).rejects.toThrow('enough');
});
