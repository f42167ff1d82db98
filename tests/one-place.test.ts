import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const TABLE = 'packages/format/src/parameters.ts';

const sources = execFileSync('git', ['ls-files', ':(glob)packages/*/src/**', ':(glob)apps/*/src/**'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => /\.(ts|svelte)$/.test(path) && !/\.test(-d)?\.ts$|\/testing\//.test(path));

/** The files that say a word, with or without hyphens. */
function filesWith(key: string): string[] {
  const flag = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const words = new RegExp(`(?<![\\w-])(${key}|${flag})(?![\\w-])`);
  return sources.filter((path) => words.test(readFileSync(path, 'utf8')));
}

it.each([
  ['minLogSnr', ['packages/core/src/diffusion/']],
  ['eta', ['packages/core/src/diffusion/']],
  ['maxTimestep', ['packages/core/src/diffusion/']],
  ['subsets', ['packages/gtr/src/']],
  ['detailSteps', []],
  ['detailDiffusionSteps', ['packages/fts/src/', 'packages/gtr/src/preset.ts']],
])('the sampling knob %s stands in its implementation and in the table alone', (key, implementation) => {
  const files = filesWith(key);
  expect(files).toContain(TABLE);
  expect(files.filter((path) => path !== TABLE && !implementation.some((at) => path.startsWith(at)))).toEqual(
    [],
  );
});
