import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type Block, packageEntries } from './checked-code.js';

/** Entries whose every function has an example in its docstring. */
export const USERS_ENTRIES = [
  'tessera/node',
  'tessera/browser',
  'tessera/testing',
  '@tessera/core/testing/suites',
  '@tessera/server',
  '@tessera/ai-sdk',
];

/** Entries that examples may use as well. */
const FURTHER_ENTRIES = [
  '@tessera/core/diffusion',
  '@tessera/core/model',
  '@tessera/format',
  '@tessera/convert',
  '@tessera/convert/tensors',
  '@tessera/evaluate',
  '@tessera/fleet',
  '@tessera/fleet/s3',
  '@tessera/fleet/redis',
  '@tessera/onnx',
  '@tessera/runtime-web/worker',
  'tessera/wasm-worker',
];

/** What examples use and don't make. */
const GIVEN: Readonly<Record<string, string>> = {
  model: "import('tessera').LoadedModel",
  requests: "readonly import('tessera').ImageRequest<import('tessera').ModelInput>[]",
  image: "import('tessera').ImageRgb",
  mask: "import('tessera').ImageMask",
  options: "import('@tessera/convert').ConvertOptions",
};

const sources = execFileSync('git', ['ls-files', ':(glob)packages/*/src/**/*.ts'], { encoding: 'utf8' })
  .split('\n')
  .filter((path) => /\.ts$/.test(path) && !/\.test(-d)?\.ts$/.test(path));

const entries = packageEntries();

/** What an entry exports. */
async function exportsOf(entry: string): Promise<Record<string, unknown>> {
  return import(pathToFileURL(entries.get(entry)!.code).href);
}

/** Names of the functions that an entry exports. */
export async function functionsOf(entry: string): Promise<string[]> {
  return Object.entries(await exportsOf(entry))
    .filter(([, value]) => typeof value === 'function' && !/^class\b/.test(`${value}`))
    .map(([name]) => name);
}

/** Names of functions that are exported with an example in their docstring. */
export function namesWithExample(): Set<string> {
  const documented = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport (?:async )?(?:function\*?|const) (\w+)/g;
  return new Set(
    sources.flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(documented)].flatMap(([, doc, name]) =>
        /^ \* (```|@example)/m.test(doc!) ? [name!] : [],
      ),
    ),
  );
}

/** The examples of all docstrings, fenced or after `@example`, with imports of what they use on their first line. */
export async function docstringExamples(): Promise<Block[]> {
  const exported = new Map<string, readonly string[]>();
  for (const entry of [...USERS_ENTRIES, ...FURTHER_ENTRIES])
    exported.set(entry, Object.keys(await exportsOf(entry)));
  return sources.flatMap(examplesOf).map((block) => withImports(block, exported));
}

function examplesOf(page: string): Block[] {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(/^ *\/\*\*\n[\s\S]*?\*\//gm)].flatMap(({ index, 0: doc }) => {
    const first = text.slice(0, index).split('\n').length;
    const lines = doc.split('\n').map((line) => line.replace(/^ *\*(?:\/| ?)/, ''));
    return lines.flatMap((line, i) => {
      const isFence = /^```(?:ts|js)$/.test(line);
      if (!isFence && (line !== '@example' || lines[i + 1]?.startsWith('```'))) return [];
      const end = lines.findIndex((other, j) => j > i && (isFence ? other === '```' : /^@/.test(other)));
      return { page, line: first + i + 1, code: lines.slice(i + 1, end < 0 ? undefined : end).join('\n') };
    });
  });
}

function withImports({ page, line, code }: Block, exported: ReadonlyMap<string, readonly string[]>): Block {
  const isMade = (name: string): boolean =>
    new RegExp(`(const|class|function) ${name}\\b|import .*\\b${name}\\b|\\[${name}[\\],]`).test(code);
  const words = new Set([...(code.match(/[\w$]+/g) ?? [])].filter((word) => !isMade(word)));
  const own = page.startsWith('packages/runtime-web/') ? 'tessera/browser' : 'tessera/node';
  const imports = [...new Set([own, ...exported.keys()])].flatMap((entry) => {
    const used = exported.get(entry)!.filter((name) => words.delete(name));
    return used.length > 0 ? [`import { ${used.join(', ')} } from '${entry}';`] : [];
  });
  const given = Object.entries(GIVEN).flatMap(([name, type]) =>
    words.has(name) ? [`declare const ${name}: ${type};`] : [],
  );
  return { page, line, code: `${[...imports, ...given].join(' ')} ${code}` };
}
