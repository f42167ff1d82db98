import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { describe, expect, it } from 'vitest';

interface PackageJson {
  readonly name: string;
  readonly description: string;
  readonly license: string;
  readonly files: readonly string[];
  readonly exports: Record<string, string | { readonly types: string; readonly default: string }>;
}

const packages = readdirSync('packages').map((name) => join('packages', name));
const manifestOf = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageJson;

describe.each(packages)('%s', (folder) => {
  const manifest = manifestOf(folder);

  it('has nothing in its package.json that publint minds', async () => {
    const { messages, pkg } = await publint({ pkgDir: folder, level: 'warning', strict: true, pack: false });
    expect(messages.map((message) => formatMessage(message, pkg!))).toEqual([]);
  });

  it('names types first and files that exist in its exports', () => {
    for (const entry of Object.values(manifest.exports)) {
      if (typeof entry === 'string') continue;
      expect(Object.keys(entry)[0]).toBe('types');
      for (const file of Object.values(entry)) expect(existsSync(join(folder, file)), file).toBe(true);
    }
  });

  it('ships a README that says how to install or use it, and a licence', () => {
    expect(manifest).toMatchObject({ license: 'MIT', description: expect.stringMatching(/\w{3}/) });
    expect(manifest.files).toEqual(expect.arrayContaining(['README.md', 'LICENSE']));
    expect(existsSync(join(folder, 'LICENSE'))).toBe(true);
    const readme = readFileSync(join(folder, 'README.md'), 'utf8');
    expect(readme).toContain(`# ${manifest.name}`);
    expect(readme).toMatch(/```(js|ts|sh)\n/);
  });
});
