import * as core from '@tessera/core';
import { checkPolicy } from '@tessera/core/testing';
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

  it.each([
    [
      'a comment in the list',
      "{\n  stepPlan, // a step\n  raster, /* an order */\n} from '@tessera/core';",
      'raster',
    ],
    ['comments around it', "/* a */{ raster /* b */ as /* c */ order } // d\nfrom '@tessera/core';", 'order'],
    [
      'a comment before the package',
      '{ raster } from /* here */ "@tessera/core" // and no semicolon',
      'raster',
    ],
    [
      'names that are keywords of an import',
      "{ raster as from, stepPlan as as, } from '@tessera/core';",
      'from',
    ],
    ['quotes around a name', "{ 'raster' as order } from '@tessera/core';", 'order'],
    ['comments within all of a package', '* /* a */ as // b\n all from "@tessera/core"', 'all.raster'],
    ['no space in a list', "{raster}from'@tessera/core'", 'raster'],
  ])('may import with %s', (_, clause, name) => {
    // An array on the next line belongs to no import, with a semicolon or without.
    expect(defaultOf(`import ${clause}\n;[1].map(String)\nexport default ${name}`)).toBe(core.raster);
    expect(defaultOf(`import ${clause}\n[1].map(String)\nexport default ${name}`)).toBe(core.raster);
  });

  it.each([
    "import{raster}from'@tessera/core'\nexport default[raster]",
    "import*as core from'@tessera/core';export default[core.raster]",
    "import { raster } from '@tessera/core';\nexport default([raster]);",
    "import { raster } from '@tessera/core';\nexport/* a */default// b\n[raster]",
    "import '@tessera/gtr'\nimport { raster } from '@tessera/core';\nexport default [raster];",
    "import {} from '@tessera/gtr'\nimport { raster } from '@tessera/core';\nexport default [raster];",
  ])('may be written this closely or loosely: %j', (source) => {
    expect(defaultOf(source)).toEqual([core.raster]);
  });

  it('may export a thing that it also uses', () => {
    expect(
      defaultOf('export/* a */const a = 1;\nexport function b() { return a; }\nexport default{ is: b() };'),
    ).toEqual({
      is: 1,
    });
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
    expect(problemOf("import core, { raster } from '@tessera/core';\nexport default 1;")).toMatch(
      /Import by name/,
    );
    expect(problemOf("import { raster } from '@tessera/core' with { a: 'b' };\nexport default 1;")).toMatch(
      /Import by name/,
    );
    expect(problemOf('import { raster } from;\nexport default 1;')).toMatch(/can’t be read/);
    expect(problemOf('export default { step( };')).toMatch(/not JavaScript/);
    expect(problemOf('const a = 1;')).toMatch(/^12 End with "export default"/);
    expect(problemOf("export default import('x');")).toMatch(/Import at the top/);
    expect(problemOf('const a = 1; export { a }; export default a;')).toMatch(/^13 Only "export default"/);
  });
});
