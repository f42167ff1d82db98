import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { architectureViolations, type Manifest, type Project } from './architecture.js';
import { sourceFacts } from './source-facts.js';

const readManifest = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

const SKIPPED = ['node_modules', 'dist', 'model', 'build', '.turbo'];

function sourceFiles(folder: string, below = ''): string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    // A project of its own inside another one, as an example app is, is no part of the workspace.
    const isApart = SKIPPED.includes(entry.name) || existsSync(join(folder, path, 'package.json'));
    if (entry.isDirectory()) return isApart ? [] : sourceFiles(folder, path);
    const isConfig = entry.name.includes('.config.') && !/^(vite|svelte)\./.test(entry.name);
    return /\.(ts|tsx|js|mjs|svelte)$/.test(entry.name) && !isConfig ? [path] : [];
  });
}

/** A file's code: of a Svelte component its script. */
function readCode(path: string): string {
  const text = readFileSync(path, 'utf8');
  if (!path.endsWith('.svelte')) return text;
  return /<script lang="ts">([\s\S]*?)<\/script>/.exec(text)?.[1] ?? '';
}

function readProject(folder: string): Project {
  const sources = sourceFiles(folder).map(
    (path) => [path.replace(/\.svelte$/, '.svelte.ts'), readCode(join(folder, path))] as const,
  );
  return { folder, manifest: readManifest(folder), sources: new Map(sources) };
}

const folders = ['packages', 'tools', 'apps']
  .filter((parent) => existsSync(parent))
  .flatMap((parent) => readdirSync(parent).map((name) => `${parent}/${name}`))
  .concat('examples')
  .filter((folder) => existsSync(join(folder, 'package.json')));

const shared = Object.keys(readManifest('.').devDependencies ?? {});

describe('the workspace', () => {
  it('keeps to its dependency graph', () => {
    const projects = folders.map(readProject);
    expect(projects.map(({ manifest }) => manifest.name)).toEqual(
      expect.arrayContaining(['@tessera/core', '@tessera/fts', '@tessera/gtr', '@tessera/examples']),
    );
    expect(projects.every(({ sources, folder }) => sources.size > 0 || folder.startsWith('tools/'))).toBe(
      true,
    );
    expect(architectureViolations(projects, shared)).toEqual([]);
  });
});

/** Imports that lead back to the file they begin in, types alone included. */
function importCircles({ sources }: Project): string[] {
  const importsOf = (path: string): string[] =>
    sourceFacts(path, sources.get(path) ?? '').modules.flatMap((name) =>
      name.startsWith('.') ? [posix.join(posix.dirname(path), name).replace(/\.js$/, '.ts')] : [],
    );
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): string[] => {
    if (way.includes(path)) return [[...way.slice(way.indexOf(path)), path].join(' → ')];
    if (done.has(path)) return [];
    const circles = importsOf(path).flatMap((next) => visit(next, [...way, path]));
    done.add(path);
    return circles;
  };
  return [...sources.keys()].flatMap((path) => visit(path, []));
}

it.each(['core', 'fts', 'gtr', 'onnx', 'evaluate', 'convert'])('no imports of %s go in a circle', (name) => {
  expect(importCircles(readProject(`packages/${name}`))).toEqual([]);
});

it('a circle of imports is found', () => {
  const sources = new Map([
    ['src/a.ts', "import type { B } from './deep/b.js';"],
    ['src/deep/b.ts', "import './c.js';"],
    ['src/deep/c.ts', "export { a } from '../a.js';"],
  ]);
  expect(importCircles({ folder: '', manifest: { name: '' }, sources })).toEqual([
    'src/a.ts → src/deep/b.ts → src/deep/c.ts → src/a.ts',
  ]);
});

/** A sound workspace of two packages, changed in one place. */
function violationsWith(change: {
  core?: Partial<Manifest>;
  gtr?: Partial<Manifest>;
  sources?: Readonly<Record<string, string>>;
  folder?: string;
}): string[] {
  const core: Project = {
    folder: 'packages/core',
    manifest: { name: '@tessera/core', ...change.core },
    sources: new Map([['src/index.ts', 'export const one = 1;']]),
  };
  const gtr: Project = {
    folder: change.folder ?? 'packages/gtr',
    manifest: {
      name: '@tessera/gtr',
      dependencies: { '@tessera/core': 'workspace:^', '@tessera/fts': 'workspace:^' },
      ...change.gtr,
    },
    sources: new Map(
      Object.entries({
        'src/index.ts': "import { one } from '@tessera/core';\nexport { one };\nexport * from './preset.js';",
        'src/preset.ts': "export { frequencyWeighted } from '@tessera/fts';",
        ...change.sources,
      }),
    ),
  };
  return architectureViolations([core, gtr], ['vitest']);
}

describe('architectureViolations', () => {
  it('finds nothing in a sound workspace', () => {
    expect(violationsWith({})).toEqual([]);
  });

  it.each([
    ["import 'onnxruntime-node';", 'imports the runtime onnxruntime-node'],
    [
      "import type { Thing } from '@tessera/onnx';\nexport type T = Thing;",
      'imports @tessera/onnx, which @tessera/gtr may not',
    ],
    ["export * from '@tessera/runtime-node/worker';", 'imports the runtime @tessera/runtime-node'],
    ["export const later = () => import('@tessera/onnx');", 'imports @tessera/onnx'],
    ["export type T = import('@tessera/onnx').Thing;", 'imports @tessera/onnx'],
    ["export const path = import.meta.resolve('@tessera/onnx');", 'imports @tessera/onnx'],
    [
      "export { frequencyWeighted } from '@tessera/fts';",
      'imports @tessera/fts, which only src/preset.ts may',
    ],
    ["import 'node:fs';", 'imports the Node module node:fs'],
    ["import 'fs/promises';", 'imports the Node module fs/promises'],
    ["export { two } from '../../core/src/index.js';", 'reaches out of its package'],
    ["import 'left-pad';", 'imports left-pad, which @tessera/gtr does not declare'],
    ['export const now = performance.now();', 'uses the global performance'],
    ['export const wait = (f: () => void) => setTimeout(f, 1);', 'uses the global setTimeout'],
    ['export const clone = { deep: structuredClone };', 'uses the global structuredClone'],
    ['export const loose = (value: any) => value;', 'uses the type any'],
    ['// @ts-ignore\nexport const two: string = 2;', 'turns the type checker off'],
    ["class NewError extends TesseraError { readonly code = 'new'; }", 'gives NewError no static code'],
  ])('reports %j', (source, violation) => {
    const violations = violationsWith({ sources: { 'src/new.ts': source } });
    expect(violations.length).toBeGreaterThan(0);
    expect(violations.join('\n')).toContain(`packages/gtr/src/new.ts ${violation}`);
  });

  it.each([
    "// import 'node:fs'; performance.now();\nexport const text = \"import 'node:fs'; // any\";",
    'export const local = (performance: { now(): number }) => performance.now();',
    "export class NewError extends TesseraError { static override readonly code = 'new'; }",
    'export const member = (clock: { performance: number }) => clock.performance;',
  ])('does not mind %j', (source) => {
    expect(violationsWith({ sources: { 'src/new.ts': source } })).toEqual([]);
  });

  it('lets tests use Node and the shared tools, but nothing undeclared', () => {
    const source = "import 'node:fs';\nimport 'vitest';\nimport 'fast-check';";
    expect(violationsWith({ sources: { 'src/new.test.ts': source } })).toEqual([
      'packages/gtr/src/new.test.ts imports fast-check, which @tessera/gtr does not declare.',
    ]);
  });

  it('takes src/testing as a part of the tests unless the package exports it', () => {
    const sources = {
      'src/testing/golden.ts': "import 'node:fs';",
      'src/new.ts': "import './testing/golden.js';",
    };
    expect(violationsWith({ sources })).toEqual([
      'packages/gtr/src/new.ts imports what is for tests only: ./testing/golden.js.',
    ]);
    expect(violationsWith({ sources, gtr: { exports: { './testing': './dist/testing.js' } } })).toEqual([
      'packages/gtr/src/testing/golden.ts imports the Node module node:fs.',
    ]);
  });

  it('reports edges that are declared only, and dependencies that are never used', () => {
    expect(violationsWith({ core: { dependencies: { 'fft.js': '^4.0.4' } } })).toEqual([
      '@tessera/core declares fft.js, which it may not depend on.',
      '@tessera/core declares fft.js and never imports it.',
    ]);
    expect(violationsWith({ gtr: { devDependencies: { mitata: '1' } } })).toEqual([
      '@tessera/gtr declares mitata for its tests, which never import it.',
    ]);
    expect(violationsWith({ sources: { 'src/preset.ts': 'export {};' } })).toEqual([
      '@tessera/gtr declares @tessera/fts and never imports it.',
    ]);
  });

  it('lets the ends of the graph import runtimes that they declare', () => {
    const cli = {
      name: '@tessera/cli',
      dependencies: { 'onnxruntime-node': '1', '@tessera/core': '1', '@tessera/fts': '1' },
    };
    const sources = { 'src/run.ts': "import 'onnxruntime-node';" };
    expect(violationsWith({ gtr: cli, folder: 'packages/cli', sources })).toEqual([]);
  });

  it('takes a dependency as used that another one asks for as a peer', () => {
    const core = { peerDependencies: { vitest: '4' } };
    const devDependencies = { vitest: '4' };
    expect(violationsWith({ core, gtr: { devDependencies } })).toEqual([
      '@tessera/core declares vitest and never imports it.',
    ]);
  });

  it('reports a package that no rule speaks of, and code in a package for data', () => {
    expect(violationsWith({ gtr: { name: '@tessera/new' } })).toEqual([
      '@tessera/new: no rule says what it may depend on; add one.',
    ]);
    const data = { name: '@tessera/model-tiny', dependencies: {} };
    const violations = violationsWith({
      gtr: data,
      sources: { 'src/index.ts': '', 'src/preset.ts': '', 'index.js': '' },
    });
    expect(violations).toEqual([
      'packages/gtr/src/index.ts: only data belongs here.',
      'packages/gtr/src/preset.ts: only data belongs here.',
    ]);
  });
});
