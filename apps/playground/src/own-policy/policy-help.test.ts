import * as core from '@tessera/core';
import * as fts from '@tessera/fts';
import * as gtr from '@tessera/gtr';
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

it('explains every name that the examples import', () => {
  const imported = EXAMPLES.flatMap(({ source }) =>
    [...source.matchAll(/import \{([^}]*)\}/g)].flatMap(([, names]) =>
      names!.split(',').map((name) => name.trim()),
    ),
  );
  expect(POLICY_HELP.map(({ name }) => name)).toEqual(expect.arrayContaining(imported));
});
