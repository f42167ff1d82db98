import fc from 'fast-check';
import { expect, it } from 'vitest';
import { groupBy } from './group-by.js';

it('runs each key once, in the order of first appearance, and gives results in the order of the items', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(5)), async (keys) => {
      const items = keys.map((key, i) => ({ key, i }));
      const runs: number[] = [];
      const results = await groupBy(
        items,
        ({ key }) => key,
        async (group, key) => {
          runs.push(key);
          expect(group).toEqual(items.filter((item) => item.key === key));
          return group.map(({ i }) => `result ${i}`);
        },
      );
      expect(runs).toEqual([...new Set(keys)]);
      expect(results).toEqual(items.map(({ i }) => `result ${i}`));
    }),
  );
});

it('runs no group after one that fails', async () => {
  const runs: string[] = [];
  const run = groupBy(
    ['a', 'b', 'c'],
    (key) => key,
    async (group, key) => {
      runs.push(key);
      if (key === 'b') throw new Error('b fails');
      return group;
    },
  );
  await expect(run).rejects.toThrow('b fails');
  expect(runs).toEqual(['a', 'b']);
});
