import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Block, problemsOf } from './checked-code.js';
import { docstringExamples, functionsOf, namesWithExample, USERS_ENTRIES } from './docstring-examples.js';

const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'examples/README.md', 'apps/playground/README.md'],
  ...readdirSync('docs/guides').map((name) => join('docs/guides', name)),
  ...['packages', 'tools'].flatMap((parent) =>
    readdirSync(parent).map((name) => join(parent, name, 'README.md')),
  ),
].filter((path) => existsSync(path));

/** The JavaScript and TypeScript of a page, block by block. */
function blocksOf(page: string): Block[] {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(/^```(?:js|ts)\n([\s\S]*?)^```$/gm)].map(({ index, 1: code }) => ({
    page,
    line: text.slice(0, index).split('\n').length + 1,
    code: code!,
  }));
}

/** A page with mistakes, which is nowhere. */
const WRONG: Block = {
  page: 'WRONG.md',
  line: 10,
  code: "import { generateImages, nothing } from 'tessera';\n\nawait generateImages({ images: [] });\n",
};

describe('code in a README or a docstring', () => {
  let onPages: Block[];
  let inDocstrings: Block[];
  let problems: string[];
  // One program for all: it takes seconds.
  beforeAll(async () => {
    [onPages, inDocstrings] = [pages.flatMap(blocksOf), await docstringExamples()];
    problems = problemsOf([...onPages, ...inDocstrings, WRONG]);
  }, 180_000);
  const isWrong = (problem: string) => problem.startsWith(WRONG.page);

  it('has the types that the packages declare', () => {
    expect(onPages.length).toBeGreaterThan(10);
    expect(inDocstrings.length).toBeGreaterThan(50);
    expect(problems.filter((each) => !isWrong(each))).toEqual([]);
  });

  it.each(USERS_ENTRIES)('stands in the docstring of each function of %s', async (entry) => {
    const functions = await functionsOf(entry);
    expect(functions.length).toBeGreaterThan(0);
    const withExample = namesWithExample();
    expect(functions.filter((name) => !withExample.has(name))).toEqual([]);
  });

  it('is checked: an unknown export and a wrong option are found, at their lines', () => {
    expect(problems.filter(isWrong)).toEqual([
      expect.stringMatching(/^WRONG\.md:10: .*nothing/),
      expect.stringMatching(/^WRONG\.md:12: .*images/),
    ]);
  });
});

describe('a README', () => {
  it.each(pages)('%s tells nobody to install what no registry has', (page) => {
    const commands = [
      ...readFileSync(page, 'utf8').matchAll(/^(?:npm i|npm install|pnpm add|yarn add) .*/gm),
    ];
    for (const [command] of commands) expect(command).not.toMatch(/ (@tessera\/|tessera\b)/);
  });

  it.each(pages.filter((page) => page.startsWith('packages/')))(
    '%s links to nothing outside its package',
    (page) => {
      const links = [...readFileSync(page, 'utf8').matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target!);
      for (const link of links.filter((each) => !/^(https:|#)/.test(each))) {
        expect(link).not.toMatch(/^\.\.?\/\.\.|^\.\.\//);
        expect(existsSync(join(dirname(page), link.replace(/#.*/, ''))), link).toBe(true);
      }
    },
  );

  it.each(['README.md', 'CONTRIBUTING.md', 'examples/README.md'])('%s links to files that exist', (page) => {
    const links = [...readFileSync(page, 'utf8').matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(
      ([, target]) => target!,
    );
    for (const link of links.filter((each) => !each.startsWith('https:')))
      expect(existsSync(join(dirname(page), link)), link).toBe(true);
  });
});
