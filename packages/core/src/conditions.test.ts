import { expect, it } from 'vitest';
import { selectConditions } from './conditions.js';
import { emptyGrid } from './grid.js';
import { fakeConditions } from './testing/fake-conditions.js';

const conditions = fakeConditions(
  {
    grid: emptyGrid({ height: 2, width: 2, channels: 1 }),
    positions: Uint32Array.of(0, 1, 3),
    input: { classLabel: 0 },
    guided: true,
  },
  4,
);

it('picks rows in the order asked for, conditional and unconditional ones', async () => {
  const picked = selectConditions(conditions, Uint32Array.of(2, 0));
  expect(picked.count).toBe(2);
  for (const half of ['read', 'readUnconditional'] as const) {
    const all = await conditions[half]();
    expect([...(await picked[half]())]).toEqual([...all.subarray(8, 12), ...all.subarray(0, 4)]);
  }
});

it('refuses a row that there is none of, rather than making up zeros', () => {
  expect(() => selectConditions(conditions, Uint32Array.of(0, 3))).toThrow(
    'rows[1] = 3: must be an integer from 0 to 2',
  );
});
