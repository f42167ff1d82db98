import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const folder = new URL('../.changeset/', import.meta.url);
const packages = new Set(
  readdirSync(new URL('../packages/', import.meta.url)).map((name) => {
    const manifest = new URL(`../packages/${name}/package.json`, import.meta.url);
    return (JSON.parse(readFileSync(manifest, 'utf8')) as { name: string }).name;
  }),
);

test.each(readdirSync(folder).filter((name) => name.endsWith('.md')))(
  '%s names packages of this repository before its text',
  (name) => {
    const text = readFileSync(new URL(name, folder), 'utf8');
    const [, head = '', body = ''] =
      /^---\n((?:['"][^\n]+['"]: (?:patch|minor|major)\n)+)---\n\n(\S[\s\S]*)$/.exec(text) ?? [];
    const named = [...head.matchAll(/^['"](.+)['"]:/gm)].map(([, each]) => each!);
    expect(named).not.toEqual([]);
    for (const each of named) expect(packages).toContain(each);
    expect(body.trim()).not.toBe('');
  },
);
