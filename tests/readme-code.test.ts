import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'examples/README.md', 'apps/playground/README.md'],
  ...readdirSync('docs/guides').map((name) => join('docs/guides', name)),
  ...['packages', 'tools'].flatMap((parent) =>
    readdirSync(parent).map((name) => join(parent, name, 'README.md')),
  ),
].filter((path) => existsSync(path));

interface Block {
  readonly page: string;
  readonly line: number;
  readonly code: string;
}

/** The JavaScript and TypeScript of a page, block by block. */
function blocksOf(page: string): Block[] {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(/^```(?:js|ts)\n([\s\S]*?)^```$/gm)].map(({ index, 1: code }) => ({
    page,
    line: text.slice(0, index).split('\n').length + 1,
    code: code!,
  }));
}

/** Package and entry → its declarations. */
function declarations(): Record<string, string[]> {
  const paths: Record<string, string[]> = {};
  for (const folder of readdirSync('packages')) {
    // What an earlier checkout installed there may be left.
    if (!existsSync(join('packages', folder, 'package.json'))) continue;
    const { name, exports } = JSON.parse(readFileSync(join('packages', folder, 'package.json'), 'utf8')) as {
      name: string;
      exports: Record<string, string | { types?: string; default: string | { types: string } }>;
    };
    for (const [entry, target] of Object.entries(exports)) {
      if (typeof target === 'string') continue;
      const types =
        target.types ?? (typeof target.default === 'string' ? target.default : target.default.types);
      paths[name + entry.slice(1)] = [resolve('packages', folder, types)];
    }
  }
  return paths;
}

/** What the type checker says of each block, at the line of its page. */
function problemsOf(blocks: readonly Block[]): string[] {
  const nameOf = (block: Block) => resolve(dirname(block.page), `${block.line}.readme.ts`);
  const sources = new Map(blocks.map((block) => [nameOf(block), block]));
  const ambient = resolve('readme-ambient.d.ts');
  const virtual = new Map([
    [ambient, "declare module '*?url' { const address: string; export default address; }"],
    // A module, so that names of one block are not those of another.
    ...blocks.map((block) => [nameOf(block), `${block.code}\nexport {};`] as const),
  ]);
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    types: ['node'],
    strict: true,
    // As a page's JavaScript: parameters without types.
    noImplicitAny: false,
    skipLibCheck: true,
    noEmit: true,
    paths: { ...declarations(), 'onnxruntime-*': [resolve('packages/tessera/node_modules/onnxruntime-*')] },
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile, readFile } = host;
  host.fileExists = (path) => virtual.has(path) || fileExists(path);
  host.readFile = (path) => virtual.get(path) ?? readFile(path);
  host.getSourceFile = (path, ...rest) => {
    const text = virtual.get(path);
    return text === undefined
      ? getSourceFile(path, ...rest)
      : ts.createSourceFile(path, text, ts.ScriptTarget.ES2022);
  };
  const program = ts.createProgram([...virtual.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const block = file && sources.get(resolve(file.fileName));
    const line = file ? file.getLineAndCharacterOfPosition(start!).line : 0;
    const text = ts.flattenDiagnosticMessageText(messageText, '\n');
    return block ? `${block.page}:${block.line + line}: ${text}` : `${file?.fileName}: ${text}`;
  });
}

describe('code in a README', () => {
  it('has the types that the packages declare', () => {
    const blocks = pages.flatMap(blocksOf);
    expect(blocks.length).toBeGreaterThan(10);
    expect(problemsOf(blocks)).toEqual([]);
  });

  it('is checked: an unknown export and a wrong option are found, at their lines', () => {
    const code =
      "import { generateImages, nothing } from 'tessera';\n\nawait generateImages({ images: [] });\n";
    const problems = problemsOf([{ page: 'README.md', line: 10, code }]);
    expect(problems).toEqual([
      expect.stringMatching(/^README\.md:10: .*nothing/),
      expect.stringMatching(/^README\.md:12: .*images/),
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
