import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PARAMETER_OPTIONS, parseSettings, specTable } from './parameter-help.js';
import { PARAMETERS } from './parameters.js';

test('the README has the table of knobs as it is', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, table] = /<!-- knobs[^>]*-->\n\n([\s\S]*?)\n\n<!-- end of knobs -->/.exec(readme)!;
  expect(table).toBe(specTable());
});

test('every row of the table is an option of the command', () => {
  const flags = PARAMETER_OPTIONS.map(({ flag }) => flag);
  for (const { flag } of PARAMETERS) expect(flags).toContain(flag);
  expect(flags).toEqual([...flags].sort());
  expect(new Set(flags).size).toBe(flags.length);
});

test('options say what specs do, and what they can be where they can’t', () => {
  expect(
    parseSettings({ guidance: '2', 'guidance-interval': '0.1,0.6', eta: '0.5', clamp: '4', steps: '8' }),
  ).toEqual({ guidance: { scale: 2, above: 0.1, upTo: 0.6 }, sampler: { eta: 0.5 }, clamp: 4 });
  expect(() => parseSettings({ eta: '2' })).toThrow("--eta 2 can't be. It is 0 … 1");
});
