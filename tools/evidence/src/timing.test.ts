import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { samplingNamed, samplingOf } from '@tessera/format';
import { expect, onTestFinished, test } from 'vitest';
import { fakeRun } from './testing/fake-run.js';
import { timeVariants } from './timing.js';

test('times are taken once a machine, not once for all', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'evidence-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const run = await fakeRun();
  const sampling = samplingOf(samplingNamed('mar:3x2'), run.used.model.manifest.sampling);
  const { signal } = new AbortController();
  const path = join(folder, 'timing.json');
  const drawnOn = async (processor: string, cores: number): Promise<number> => {
    const before = run.drawn();
    const machine = { processor, cores };
    const arms = [{ name: 'MAR', sampling }];
    const timing = await timeVariants({ used: run.used, arms, seed: 1, rounds: 1, path, machine, signal });
    expect(timing).toMatchObject({ pictures: 3, threads: 1, machine });
    return run.drawn() - before;
  };
  // A picture of each class, and one to warm up.
  expect(await drawnOn('one', 2)).toBe(4);
  expect(await drawnOn('one', 2)).toBe(0);
  expect(await drawnOn('one', 4)).toBe(4);
  expect(await drawnOn('other', 4)).toBe(4);
});
