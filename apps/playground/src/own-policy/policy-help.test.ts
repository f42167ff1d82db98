import { fileURLToPath } from 'node:url';
import * as core from '@tessera/core';
import * as fts from '@tessera/fts';
import * as gtr from '@tessera/gtr';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { EXAMPLES } from './examples.js';
import { POLICY_HELP } from './policy-help.js';

const modules: Readonly<Record<string, object>> = {
  '@tessera/core': core,
  '@tessera/gtr': gtr,
  '@tessera/fts': fts,
};

it('explains names that the packages really export, each once', () => {
  for (const { name, module } of POLICY_HELP) expect(modules[module]).toHaveProperty(name);
  expect(new Set(POLICY_HELP.map(({ name }) => name)).size).toBe(POLICY_HELP.length);
});

it('says of each name a type that it has', () => {
  const types = [
    "import type { SamplingPolicy, PolicyContext, StepPlan, MaskSchedule, Refinement, NoiseSource } from '@tessera/core';",
    "import type { DiffusionStepSchedule } from '@tessera/core/model';",
  ];
  const claims = POLICY_HELP.map(({ name, module, type }, index) => {
    const written = type.replace('; …', '');
    return `import { ${name} as own${index} } from '${module}';\nown${index} satisfies ${written};`;
  });
  expect(problemsOf([...types, ...claims].join('\n'))).toEqual([]);
});

it('explains every name that the examples import', () => {
  const imported = EXAMPLES.flatMap(({ source }) =>
    [...source.matchAll(/import \{([^}]*)\}/g)].flatMap(([, names]) =>
      names!.split(',').map((name) => name.trim()),
    ),
  );
  expect(POLICY_HELP.map(({ name }) => name)).toEqual(expect.arrayContaining(imported));
});

/** What TypeScript says of a module that lies beside this one. */
function problemsOf(source: string): string[] {
  const path = fileURLToPath(new URL('claims.ts', import.meta.url));
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (name, version) =>
    name === path ? ts.createSourceFile(name, source, version) : getSourceFile(name, version);
  return ts
    .getPreEmitDiagnostics(ts.createProgram([path], options, host))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
