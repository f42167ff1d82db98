import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';

/** Code of a page or a docstring. */
export interface Block {
  readonly page: string;
  readonly line: number;
  readonly code: string;
}

/** The declarations and the code of each package's entries. */
export function packageEntries(): Map<string, { readonly types: string; readonly code: string }> {
  const entries = new Map<string, { types: string; code: string }>();
  for (const folder of readdirSync('packages')) {
    // What an earlier checkout installed there may be left.
    if (!existsSync(join('packages', folder, 'package.json'))) continue;
    const { name, exports } = JSON.parse(readFileSync(join('packages', folder, 'package.json'), 'utf8')) as {
      name: string;
      exports: Record<
        string,
        string | { types: string; default: string | { types: string; default: string } }
      >;
    };
    for (const [entry, target] of Object.entries(exports)) {
      if (typeof target === 'string') continue;
      const { types, default: code } =
        typeof target.default === 'string' ? { ...target, default: target.default } : target.default;
      const [typesFile, codeFile] = [types, code].map((file) => resolve('packages', folder, file));
      entries.set(name + entry.slice(1), { types: typesFile!, code: codeFile! });
    }
  }
  return entries;
}

/** What the type checker says of each block, at the line of its page. */
export function problemsOf(blocks: readonly Block[]): string[] {
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
    paths: {
      ...Object.fromEntries([...packageEntries()].map(([entry, { types }]) => [entry, [types]])),
      'onnxruntime-*': [resolve('packages/tessera/node_modules/onnxruntime-*')],
    },
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
