import { parseSpec, resolveSampling } from '@tessera/format';
import { expect, test } from 'vitest';
import { drawInFolder, evaluateInFolder, type FolderEvaluationOptions } from './evaluate-in-folder.js';
import type { Recorded } from './feature-network-file.js';
import { notesOf } from './findings.js';
import { fakeRecorded } from './testing/fake-recorded.js';
import { type FakeRun, fakeRun } from './testing/fake-run.js';
import { temporaryFolder } from './testing/temporary-folder.js';

const N = 18;
const KEEP = 6;

async function optionsFor({ used, measuring }: FakeRun): Promise<FolderEvaluationOptions> {
  const variants = ['mar:4x2', 'raster:4x2'].map((name) => ({
    name,
    sampling: resolveSampling(parseSpec(name), used.model.manifest.sampling),
  }));
  return {
    ...{ used, variants, ...measuring, n: N, seed: 1, batch: 6, keep: KEEP, resamples: 100 },
    folder: await temporaryFolder(),
    signal: new AbortController().signal,
    command: 'tessera evaluate',
  };
}

/** The first variant's pictures, as they would come with a network. */
async function recordedOf(run: FakeRun): Promise<Recorded> {
  const { variants, ...options } = await optionsFor(run);
  const [variant] = variants as [(typeof variants)[0]];
  const [pictures] = await drawInFolder({ ...options, variants: [variant] });
  return fakeRecorded(run.used, variant, options.seed, pictures!);
}

test('pictures that come with the network are not drawn, but for those to look at', async () => {
  const run = await fakeRun();
  const recorded = await recordedOf(run);
  const options = await optionsFor(run);
  const before = run.drawn();
  const { document, pictures, notKept } = await evaluateInFolder({
    ...options,
    loaded: { ...options.loaded, recorded: [recorded] },
  });
  expect(run.drawn() - before).toBe(KEEP + N);
  expect([pictures.map(({ length }) => length), notKept]).toEqual([[KEEP, KEEP], 0]);
  expect(document.made).toMatchObject({
    together: false,
    recorded: [{ arm: 'mar:4x2', pictures: N - KEEP, machines: [{ processor: 'Another Processor' }] }],
  });
  expect(document.made.machines.map(({ processor }) => processor)).not.toContain('Another Processor');
  expect(notesOf(document).join(' ')).toContain(
    `${N - KEEP} of the ${N} pictures of mar:4x2 come with the network: they were drawn by Another Processor (8 cores).`,
  );
  const drawn = await evaluateInFolder(await optionsFor(run));
  expect(document.arms.map(({ metrics }) => metrics)).toEqual(
    drawn.document.arms.map(({ metrics }) => metrics),
  );
  expect(drawn.document.made).not.toHaveProperty('recorded');
});

test.each([
  ['another seed', { seed: 2 }],
  ['another model', { model: 'ab'.repeat(32) }],
  ['another storage type', { dtype: 'int8' }],
  ['another way to sample', { description: {} }],
])('pictures of %s are not taken', async (_, change) => {
  const run = await fakeRun();
  const recorded = await recordedOf(run);
  const options = await optionsFor(run);
  const before = run.drawn();
  const other = { ...recorded, variant: { ...recorded.variant, ...change } };
  await drawInFolder({ ...options, loaded: { ...options.loaded, recorded: [other] } });
  expect(run.drawn() - before).toBe(2 * N);
});
