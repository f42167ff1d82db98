import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { expect, it, vi } from 'vitest';

const folder = resolve('docs/guides');

/** The code of a page, block by block, with the line on which each begins. */
const blocks = readdirSync(folder)
  .filter((name) => name.endsWith('.md'))
  .flatMap((name) => {
    const page = readFileSync(join(folder, name), 'utf8');
    return [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => ({
      place: `${name}, line ${page.slice(0, match.index).split('\n').length}`,
      code: match[1]!,
    }));
  });

/** What a block's comments promise to be printed: `console.log(…); // 1.0 0 and 2.0 0`. */
const promised = (code: string): string[] =>
  [...code.matchAll(/console\.log\(.*\); \/\/ (.*)/g)].flatMap((match) => match[1]!.split(' and '));

it.each(blocks)('the code of $place runs and prints what it says', { timeout: 60_000 }, async ({ code }) => {
  const { outputFiles } = await build({
    stdin: { contents: code, loader: 'ts', resolveDir: resolve('packages/gtr') },
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
  });
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    const address = `data:text/javascript;base64,${Buffer.from(outputFiles[0]!.contents).toString('base64')}`;
    await import(/* @vite-ignore */ address);
    expect(promised(code)).not.toEqual([]);
    expect(log.mock.calls.map((values) => values.join(' '))).toEqual(promised(code));
  } finally {
    log.mockRestore();
  }
});
