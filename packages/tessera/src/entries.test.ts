import { readFileSync } from 'node:fs';
import * as core from '@tessera/core';
import * as fts from '@tessera/fts';
import * as gtr from '@tessera/gtr';
import { modelFolder } from '@tessera/model-tiny';
import * as runtimeNode from '@tessera/runtime-node';
import * as runtimeWeb from '@tessera/runtime-web';
import { build } from 'esbuild';
import * as browser from 'tessera/browser';
import * as node from 'tessera/node';
import { expect, it } from 'vitest';

/** What a bundler that follows `conditions` makes of an import of `tessera`. */
async function resolved(conditions: readonly string[]): Promise<string> {
  const { metafile } = await build({
    stdin: { contents: "export { loadModel } from 'tessera';", resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: [...conditions],
    packages: 'bundle',
    external: ['@tessera/*', 'node:*'],
    metafile: true,
  });
  return Object.keys(metafile.inputs).join();
}

it('Node gets the seams, GtR, FTS, the runtime of Node and the embedded model', () => {
  expect(node).toMatchObject({ ...core, ...fts, ...gtr, ...runtimeNode, modelFolder });
});

it('a page gets the seams, GtR, FTS and the runtime of browsers', () => {
  expect(browser).toMatchObject({ ...core, ...fts, ...gtr, ...runtimeWeb });
});

it('the export conditions choose the runtime', async () => {
  expect(await resolved(['node'])).toContain('dist/node.js');
  expect(await resolved([])).toContain('dist/node.js');
  expect(await resolved(['browser'])).toContain('dist/browser.js');
});

it('brings the ONNX Runtime that its runtimes ask for', () => {
  const read = (name: string) =>
    JSON.parse(readFileSync(new URL(`../../${name}/package.json`, import.meta.url), 'utf8')) as {
      dependencies: Record<string, string>;
      peerDependencies?: Record<string, string>;
    };
  const { dependencies } = read('tessera');
  for (const name of ['runtime-node', 'runtime-web'])
    expect(dependencies).toMatchObject(read(name).peerDependencies!);
});
