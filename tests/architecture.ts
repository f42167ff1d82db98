import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { sourceFacts } from './source-facts.js';

/** A package of the workspace, as it lies on the disk. */
export interface Project {
  /** Its folder from the root, e.g. `packages/core`. */
  readonly folder: string;
  readonly manifest: Manifest;
  /** Path from the project's folder → text, of every source file. */
  readonly sources: ReadonlyMap<string, string>;
}

export interface Manifest {
  readonly name: string;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** What a package may depend on. */
interface Rule {
  readonly dependencies: readonly string[];
  /** Dependencies that a single file or folder may import. */
  readonly only?: Readonly<Record<string, string>>;
  /** Neither a Node module nor a global that the language itself does not have. */
  readonly portable?: boolean;
  /** Globals that a portable package may use after all, since Node and browsers both have them. */
  readonly globals?: readonly string[];
  /** Folders of data, whose index says where they lie: not code, so it needn't be portable. */
  readonly data?: readonly string[];
  /** No code but index files. */
  readonly dataOnly?: boolean;
}

const RULES: Readonly<Record<string, Rule>> = {
  '@tessera/core': { dependencies: ['vitest'], only: { vitest: 'src/testing/' }, portable: true },
  '@tessera/fts': { dependencies: ['@tessera/core', 'fft.js'], portable: true },
  '@tessera/gtr': {
    dependencies: ['@tessera/core', '@tessera/fts'],
    only: { '@tessera/fts': 'src/preset.ts' },
    portable: true,
  },
  '@tessera/onnx': {
    dependencies: [
      ...['@bufbuild/protobuf', '@huggingface/tokenizers', '@tessera/core', '@tessera/format'],
      ...['onnxruntime-common', 'valibot', 'vitest'],
    ],
    only: { '@bufbuild/protobuf': 'src/half-precision/', vitest: 'src/testing/' },
  },
  '@tessera/format': {
    dependencies: ['@tessera/core', '@tessera/gtr', 'fast-png', 'fflate', 'valibot'],
    // Needed only where pictures are stored.
    only: { 'fast-png': 'src/png.ts', fflate: 'src/png-decoder.ts' },
    portable: true,
    globals: ['crypto', 'TextEncoder', 'TextDecoder'],
  },
  '@tessera/runtime-node': {
    dependencies: [
      ...['@tessera/core', '@tessera/onnx', '@tessera/format', '@tessera/convert', '@huggingface/hub'],
      ...['onnxruntime-node', 'onnxruntime-common'],
    ],
  },
  '@tessera/runtime-web': {
    dependencies: ['@tessera/core', '@tessera/format', '@tessera/onnx', 'onnxruntime-web'],
  },
  '@tessera/convert': {
    dependencies: [
      ...['@tessera/core', '@tessera/format', '@bufbuild/protobuf', '@huggingface/tokenizers', 'crc-32'],
    ],
    only: {
      '@huggingface/tokenizers': 'src/nitro/null-text.ts',
      'crc-32': 'src/checkpoint/zip-directory.ts',
    },
  },
  '@tessera/evaluate': {
    dependencies: ['@tessera/core', '@tessera/format', 'ml-matrix', 'onnxruntime-common', 'valibot'],
    only: { 'ml-matrix': 'src/symmetric-eigen.ts' },
    portable: true,
    data: ['feature-network/', 'scene-network/'],
  },
  '@tessera/evaluation-report': {
    dependencies: [
      ...['@tessera/core', '@tessera/evaluate', '@tessera/onnx', '@tessera/format', '@tessera/runtime-node'],
      ...['onnxruntime-node', 'valibot'],
    ],
  },
  '@tessera/server': {
    dependencies: [
      ...['@tessera/core', '@tessera/format', '@tessera/onnx', '@valibot/to-json-schema', 'prom-client'],
      ...['sharp', 'valibot'],
    ],
    only: {
      '@valibot/to-json-schema': 'src/open-api.ts',
      'prom-client': 'src/metrics.ts',
      sharp: 'src/picture-codec.ts',
    },
  },
  '@tessera/fleet': {
    // The client of S3 is a peer, for those whose store is a bucket.
    dependencies: ['@aws-sdk/client-s3', '@tessera/core', '@tessera/format', 'bullmq', 'ioredis', 'valibot'],
  },
  // It speaks to a server, or to a handler that it is given.
  '@tessera/ai-sdk': { dependencies: ['@ai-sdk/provider'] },
  '@tessera/model-tiny': { dependencies: [], dataOnly: true },
  '@tessera/model-tiny-text': { dependencies: [], dataOnly: true },
  tessera: {
    dependencies: [
      ...['@tessera/core', '@tessera/fts', '@tessera/gtr', '@tessera/model-tiny'],
      ...['@tessera/model-tiny-text', '@tessera/runtime-node'],
      // The runtimes' peers, so that one package is enough.
      ...['@tessera/runtime-web', 'onnxruntime-node', 'onnxruntime-web'],
    ],
    only: {
      '@tessera/runtime-node': 'src/node.ts',
      '@tessera/model-tiny': 'src/node.ts',
      '@tessera/model-tiny-text': 'src/node.ts',
      '@tessera/runtime-web': 'src/',
    },
  },
  '@tessera/playground': {
    dependencies: [
      ...['@tessera/core', '@tessera/evaluate', '@tessera/fts', '@tessera/gtr', '@tessera/onnx'],
      ...[
        '@tessera/format',
        '@tessera/runtime-web',
        'onnxruntime-web',
        'svelte',
        '@lezer/javascript',
        '@lezer/highlight',
      ],
      'idb-keyval',
      ...['@codemirror/autocomplete', '@codemirror/commands', '@codemirror/lang-javascript'],
      ...['@codemirror/language', '@codemirror/lint', '@codemirror/state', '@codemirror/view'],
      ...['@fontsource-variable/geist-mono', '@fontsource-variable/instrument-sans'],
    ],
    // What is needed on demand only: neither may slow down the first picture.
    only: {
      '@lezer/javascript': 'src/own-policy/',
      '@lezer/highlight': 'src/own-policy/code-editor.ts',
      '@codemirror/view': 'src/own-policy/code-editor.ts',
      '@codemirror/state': 'src/own-policy/code-editor.ts',
      '@tessera/evaluate': 'src/scene-network/',
    },
  },
};

/** Folders whose packages are ends of the graph: they may depend on anything. */
const ENDS = ['packages/cli', 'tools/', 'apps/', 'examples'];

const RUNTIMES = ['onnxruntime-node', 'onnxruntime-web', '@tessera/runtime-node', '@tessera/runtime-web'];

/** Globals of Node and of browsers, which the language does not have. */
const HOST_GLOBALS = [
  ...[
    'process',
    'Buffer',
    'require',
    'module',
    '__dirname',
    '__filename',
    'global',
    'globalThis',
    'window',
    'self',
  ],
  ...['document', 'navigator', 'location', 'localStorage', 'indexedDB', 'caches', 'crypto', 'performance'],
  ...['console', 'fetch', 'Request', 'Response', 'Headers', 'URL', 'URLSearchParams', 'Blob', 'File'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'queueMicrotask'],
  ...[
    'requestAnimationFrame',
    'structuredClone',
    'postMessage',
    'MessageChannel',
    'Worker',
    'Event',
    'EventTarget',
  ],
  ...[
    'AbortController',
    'AbortSignal',
    'TextEncoder',
    'TextDecoder',
    'ReadableStream',
    'WebAssembly',
    'ImageData',
  ],
];

/**
 * Tests, and what only they share: `src/testing/` unless it is a part of the package that others may import. So is what
 * builds an app but is no part of it.
 */
function isTestFile(path: string, manifest: Manifest): boolean {
  return (
    /\.test(-d)?\.ts$/.test(path) ||
    /^(tests|scripts|vite-plugins)\/|^(vite|svelte)\.config\./.test(path) ||
    (path.startsWith('src/testing/') && !manifest.exports?.['./testing'])
  );
}

/**
 * Everything in the workspace that breaks the dependency graph, each in a sentence.
 *
 * @param shared packages that tests of every project may use: the root's devDependencies
 */
export function architectureViolations(projects: readonly Project[], shared: readonly string[]): string[] {
  const manifests = new Map(projects.map(({ manifest }) => [manifest.name, manifest]));
  return projects.flatMap((project) => projectViolations(project, manifests, shared));
}

function projectViolations(
  { folder, manifest, sources }: Project,
  manifests: ReadonlyMap<string, Manifest>,
  shared: readonly string[],
): string[] {
  const rule = RULES[manifest.name];
  const isEnd = ENDS.some((end) => folder === end || (end.endsWith('/') && folder.startsWith(end)));
  if (!rule && !isEnd) return [`${manifest.name}: no rule says what it may depend on; add one.`];

  const violations: string[] = [];
  const used = new Set<string>();
  const usedByTests = new Set<string>();
  const shipped = { ...manifest.dependencies, ...manifest.peerDependencies };
  const forTests = new Set([...Object.keys({ ...shipped, ...manifest.devDependencies }), ...shared]);

  for (const [path, text] of sources) {
    const where = `${folder}/${path}`;
    const isTest = isTestFile(path, manifest);
    const isPortable = rule?.portable && !isTest && !rule.data?.some((folder) => path.startsWith(folder));
    const { modules, freeNames, saysAny, silencesTypes, codelessErrors } = sourceFacts(path, text);
    if (saysAny) violations.push(`${where} uses the type any.`);
    if (silencesTypes) violations.push(`${where} turns the type checker off.`);
    if (!isTest)
      for (const name of codelessErrors) violations.push(`${where} gives ${name} no static code of its own.`);
    if (rule?.dataOnly && !/^index\.(js|d\.ts)$/.test(path))
      violations.push(`${where}: only data belongs here.`);
    if (isPortable) {
      for (const name of HOST_GLOBALS)
        if (freeNames.has(name) && !rule?.globals?.includes(name)) {
          violations.push(`${where} uses the global ${name}.`);
        }
    }
    for (const specifier of modules) {
      if (specifier.startsWith('.')) {
        const target = posix.join(posix.dirname(path), specifier);
        if (isTest) continue;
        if (target.startsWith('../')) violations.push(`${where} reaches out of its package: ${specifier}.`);
        if (isTestFile(target, manifest))
          violations.push(`${where} imports what is for tests only: ${specifier}.`);
        continue;
      }
      const name = packageName(specifier);
      if (name === 'node:') {
        if (isPortable) violations.push(`${where} imports the Node module ${specifier}.`);
        continue;
      }
      if (name.startsWith('virtual:')) continue;
      (isTest ? usedByTests : used).add(name);
      if (name === manifest.name) continue;
      if (!(isTest ? forTests.has(name) : name in shipped)) {
        violations.push(`${where} imports ${name}, which ${manifest.name} does not declare.`);
      }
      if (!rule || isTest) continue;
      const place = rule.only?.[name];
      if (!rule.dependencies.includes(name)) {
        const runtime = RUNTIMES.includes(name) ? 'the runtime ' : '';
        violations.push(`${where} imports ${runtime}${name}, which ${manifest.name} may not depend on.`);
      } else if (place && !path.startsWith(place)) {
        violations.push(`${where} imports ${name}, which only ${place} may.`);
      }
    }
  }

  const needed = peersOf(Object.keys({ ...shipped, ...manifest.devDependencies }), manifests);
  for (const name of Object.keys(shipped)) {
    if (rule && !rule.dependencies.includes(name)) {
      violations.push(`${manifest.name} declares ${name}, which it may not depend on.`);
    }
    if (!used.has(name) && !needed.has(name))
      violations.push(`${manifest.name} declares ${name} and never imports it.`);
  }
  for (const name of Object.keys(manifest.devDependencies ?? {})) {
    if (name in shipped || used.has(name) || usedByTests.has(name) || needed.has(name)) continue;
    if (Object.values(manifest.scripts ?? {}).some((script) => script.split(' ').includes(name))) continue;
    violations.push(`${manifest.name} declares ${name} for its tests, which never import it.`);
  }
  return violations;
}

/** `@scope/name/path` → `@scope/name`; any module of Node → `node:`. */
function packageName(specifier: string): string {
  if (specifier.startsWith('node:') || builtinModules.includes(specifier)) return 'node:';
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** What the given packages of the workspace ask their users to install. */
function peersOf(names: readonly string[], manifests: ReadonlyMap<string, Manifest>): ReadonlySet<string> {
  return new Set(
    names.flatMap((name) => {
      const { peerDependencies = {}, peerDependenciesMeta = {} } = manifests.get(name) ?? {};
      return Object.keys(peerDependencies).filter((peer) => !peerDependenciesMeta[peer]?.optional);
    }),
  );
}
