import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSpec, resolveSampling } from '@tessera/format';
import { modelFolder } from '@tessera/model-tiny';
import { loadModel } from '@tessera/runtime-node';
import { expect, test } from 'vitest';
import { describeModel } from '../environment.js';
import { drawInFolder } from '../evaluate-in-folder.js';
import { networkFor } from '../network-with-reference.js';
import { readLines } from '../store/line-file.js';
import { writeColourNetwork } from '../testing/colour-network.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { type DrawingReport, type DrawingTask, drawSideBySide } from './draw-side-by-side.js';

const script = fileURLToPath(new URL('../../dist/draw-worker.js', import.meta.url));
const { signal } = new AbortController();
const sizes = { n: 4, seed: 1, batch: 2, keep: 4 };
const advised = { guidance: { schedule: 'linear', scale: 3 }, temperature: 1 } as const;

const variants = ['random', 'raster', 'halton'].map((name) => ({
  name,
  sampling: resolveSampling(parseSpec(`${name}:2x2`), advised),
}));

/** The embedded model, measured by mean colours. */
async function drawingTask(folder: string): Promise<DrawingTask> {
  const network = await temporaryFolder();
  await writeColourNetwork(network, 64);
  const model = fileURLToPath(modelFolder);
  return {
    ...sizes,
    model,
    location: 'embedded',
    load: { device: 'cpu', threads: 1 },
    network,
    real: '',
    folder,
  };
}

test('two processes draw what one would, each way of sampling once', { timeout: 120_000 }, async () => {
  const [folder, other] = [await temporaryFolder(), await temporaryFolder()];
  const task = await drawingTask(folder);
  const reports: DrawingReport[] = [];
  await drawSideBySide({
    task,
    workers: 2,
    variants: [...variants, { ...variants[0]!, name: 'random by another name' }],
    signal,
    script,
    onReport: (report) => reports.push(report),
  });
  const batches = reports.filter((report) => report.type === 'drawn' && report.seconds !== undefined);
  expect(batches).toHaveLength((3 * sizes.n) / sizes.batch);
  expect(batches.at(-1)).toMatchObject({ done: sizes.n, seconds: expect.any(Number) });

  const used = await describeModel(await loadModel(modelFolder, task.load), 'embedded');
  const loaded = await networkFor({ ...task, manifest: used.model.manifest });
  const drawnInOne = async (folder: string): Promise<number> => {
    let batches = 0;
    const onProgress = (): void => {
      batches++;
    };
    await drawInFolder({ ...sizes, used, loaded, folder, variants, signal, onProgress });
    return batches;
  };
  try {
    expect(await drawnInOne(folder)).toBe(0);
    expect(await drawnInOne(other)).toBe(6);
    expect(await featuresIn(folder)).toEqual(await featuresIn(other));
  } finally {
    await used.model.dispose();
  }
});

/** What a network found in the pictures of each variant: the variant's key and the picture's index → features. */
async function featuresIn(folder: string): Promise<Record<string, unknown>> {
  const found: [string, unknown][] = [];
  for (const key of await readdir(join(folder, 'arms'))) {
    const files = await readdir(join(folder, 'arms', key));
    const path = join(folder, 'arms', key, files.find((name) => name.startsWith('seen-'))!);
    for (const line of await readLines(path)) {
      const { index, features } = line as { index: number; features: string };
      found.push([`${key} ${index}`, features]);
    }
  }
  expect(found).toHaveLength(variants.length * sizes.n);
  return Object.fromEntries(found);
}

test('a process that fails is quoted', { timeout: 60_000 }, async () => {
  const folder = join(await temporaryFolder(), 'in-the-way');
  await writeFile(folder, '');
  const failing = drawSideBySide({ task: await drawingTask(folder), workers: 1, variants, signal, script });
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
    const { folder } = JSON.parse(process.argv[2]);
    const named = (name) => {
      try {
        mkdirSync(join(folder, name));
        return true;
      } catch {
        return false;
      }
    };
    // Made before the folder, which says that a stop would be heard.
    let me = 'second';
    process.once('SIGINT', () => {
      writeFileSync(join(folder, me + '.stopped'), '');
      process.exit(1);
    });
    if (named('first')) me = 'first';
    else named('second');
    setInterval(() => {
      if (!${failing} || me !== 'first' || !existsSync(join(folder, 'second'))) return;
      process.send({ type: 'failed', message: 'out of paper' }, () => process.exit(1));
    }, 20);`,
  );
  const drawing = (signal: AbortSignal) =>
    drawSideBySide({
      task: { ...sizes, folder, model: '', location: '', load: {} },
      workers: 2,
      variants: variants.slice(0, 2),
      signal,
      script,
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
    task: { ...sizes, folder: await temporaryFolder(), model: '', location: '', load: {} },
    workers: 2,
    variants,
    signal: AbortSignal.abort(new Error('enough')),
    script,
  });
  await expect(stopped).rejects.toThrow('enough');
});
