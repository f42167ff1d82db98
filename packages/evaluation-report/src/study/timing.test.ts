import { join } from 'node:path';
import { parseSpec, resolveSampling } from '@tessera/format';
import { expect, test } from 'vitest';
import { subjectsOf } from '../subjects.js';
import { fakeRun } from '../testing/fake-run.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { timeVariants } from './timing.js';

test('times are taken once a machine, not once for all', async () => {
  const { used, measuring, drawn } = await fakeRun();
  const subjects = subjectsOf(used.model.manifest, measuring.loaded);
  const variants = [
    { name: 'MAR', sampling: resolveSampling(parseSpec('mar:3x2'), used.model.manifest.sampling) },
  ];
  const { signal } = new AbortController();
  const path = join(await temporaryFolder(), 'timing.json');
  const drawnOn = async (processor: string, cores: number): Promise<number> => {
    const before = drawn();
    const machine = { processor, cores };
    const timing = await timeVariants({
      ...{ used, subjects, variants, seed: 1, rounds: 1, path, machine, signal },
    });
    expect(timing).toMatchObject({ pictures: 3, threads: 1, machine, variants: [{ name: 'MAR' }] });
    return drawn() - before;
  };
  // A picture of each class, and one to warm up.
  expect(await drawnOn('one', 2)).toBe(4);
  expect(await drawnOn('one', 2)).toBe(0);
  expect(await drawnOn('one', 4)).toBe(4);
  expect(await drawnOn('other', 4)).toBe(4);
});
