import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const KB = 1024;

/** Bytes that `code`, placed in a package's folder, adds to a page: bundled, minified and gzipped. */
async function bundledSize(folder: string, code: string, external: readonly string[]): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: resolve(folder) },
    bundle: true,
    minify: true,
    logLevel: 'error',
    write: false,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    mainFields: ['module', 'main'],
    external: [...external],
  });
  return gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
}

/** A package counts with its dependencies from outside, without those of the workspace, which count by themselves. */
const LIMITS: readonly {
  readonly folder: string;
  readonly limit: number;
  /** What of it is bundled. @default its index */
  readonly entries?: readonly string[];
  readonly external: readonly string[];
}[] = [
  { folder: 'packages/core', limit: 18 * KB, external: [] },
  { folder: 'packages/fts', limit: 4 * KB, external: ['@tessera/core'] },
  { folder: 'packages/gtr', limit: 4 * KB, external: ['@tessera/core', '@tessera/fts'] },
  {
    folder: 'packages/runtime-web',
    limit: 10 * KB,
    entries: ['index', 'webgpu', 'wasm', 'worker'],
    external: ['@tessera/core', '@tessera/format', '@tessera/onnx', 'onnxruntime-web'],
  },
];

describe('bundled, minified and gzipped,', () => {
  it.each(LIMITS)('all of $folder takes at most $limit bytes', async ({ folder, limit, ...rest }) => {
    const { external, entries = ['index'] } = rest;
    const code = entries.map((entry) => `export * as ${entry} from './dist/${entry}.js';`).join('\n');
    const size = await bundledSize(folder, code, external);
    expect(size).toBeGreaterThan(KB / 2);
    expect(size).toBeLessThanOrEqual(limit);
  });

  it('a single function of core takes only what it needs', async () => {
    const code = "export { annealedDiffusionSteps } from './dist/index.js';";
    expect(await bundledSize('packages/core', code, [])).toBeLessThan(KB);
  });

  it('what core has for tests loads no test runner, but for its suites', async () => {
    const outside = async (entry: string): Promise<string[]> => {
      const { metafile } = await build({
        entryPoints: [resolve('packages/core/dist', entry)],
        bundle: true,
        write: false,
        metafile: true,
        format: 'esm',
        platform: 'neutral',
        external: ['vitest'],
        logLevel: 'error',
      });
      const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
      return [...new Set(imports.filter(({ external }) => external).map(({ path }) => path))];
    };
    expect(await outside('testing.js')).toEqual([]);
    expect(await outside('testing/suites.js')).toEqual(['vitest']);
  });

  it('a function of the front door takes as much as of its own package', async () => {
    const size = (folder: string, from: string) =>
      bundledSize(folder, `export { linearGuidance } from '${from}';`, ['onnxruntime-web', 'node:*']);
    const direct = await size('packages/core', './dist/index.js');
    expect(await size('packages/tessera', './dist/browser.js')).toBeLessThan(direct + KB / 2);
  });
});
