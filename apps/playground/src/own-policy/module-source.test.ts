import * as core from '@tessera/core';
import { checkPolicy } from '@tessera/core/check-policy';
import * as fts from '@tessera/fts';
import * as gtr from '@tessera/gtr';
import { describe, expect, it } from 'vitest';
import { EXAMPLES } from './examples.js';
import { translateModule } from './module-source.js';

const modules = { '@tessera/core': core, '@tessera/gtr': gtr, '@tessera/fts': fts };

function defaultOf(source: string): unknown {
  const translated = translateModule(source);
  if (!translated.ok) throw new Error(translated.problems[0]?.message);
  const exported: { default?: unknown } = {};
  new Function('modules', 'exported', translated.code)(modules, exported);
  return exported.default;
}

function problemOf(source: string): string {
  const translated = translateModule(source);
  if (translated.ok) throw new Error('No problem was found.');
  return `${translated.problems[0]!.from} ${translated.problems[0]!.message}`;
}

describe('the module of a policy', () => {
  it.each(EXAMPLES)('is what the example "$title" shows: it passes every check', async ({ source }) => {
    const policy = defaultOf(source) as core.SamplingPolicy;
    const findings = await checkPolicy(policy);
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  it('may import by name, under another name, or all of a package', () => {
    expect(
      defaultOf(
        "import { stepPlan as plan,\n  raster } from '@tessera/core';\nexport default [plan, raster];",
      ),
    ).toEqual([core.stepPlan, core.raster]);
    expect(defaultOf('import * as all from "@tessera/gtr"\nexport default all.gtr')).toBe(gtr.gtr);
  });

  it('keeps its lines where they are', () => {
    const source =
      "import {\n  raster,\n} from '@tessera/core';\nexport const a = 1;\nexport default\n  null;\n";
    const translated = translateModule(source);
    expect(translated.ok && translated.code.split('\n').length).toBe(source.split('\n').length);
    expect(translated.ok && translated.code.split('\n')[3]).toContain('const a = 1;');
  });

  it('is not run where it is wrong; the problem says what to do', () => {
    expect(problemOf("import fs from 'node:fs';\nexport default 1;")).toMatch(
      /^0 "node:fs" is not here. There are/,
    );
    expect(problemOf("import core from '@tessera/core';\nexport default 1;")).toMatch(/Import by name/);
    expect(problemOf('export default { step( };')).toMatch(/not JavaScript/);
    expect(problemOf('const a = 1;')).toMatch(/^12 End with "export default"/);
    expect(problemOf("export default import('x');")).toMatch(/Import at the top/);
    expect(problemOf('const a = 1; export { a }; export default a;')).toMatch(/^13 Only "export default"/);
  });
});
