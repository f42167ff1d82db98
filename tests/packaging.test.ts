import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { describe, expect, it } from 'vitest';

/** Condition → file, or conditions of their own. */
interface Conditions {
  readonly [condition: string]: string | Conditions;
}

interface PackageJson {
  readonly name: string;
  readonly description: string;
  readonly license: string;
  readonly files: readonly string[];
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Conditions>>;
}

// What an earlier checkout installed may be left in other folders.
const packages = readdirSync('packages')
  .map((name) => join('packages', name))
  .filter((folder) => existsSync(join(folder, 'package.json')));
const manifestOf = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageJson;

/** The conditions that end in files, of an entry that may have some within others. */
function leaves(entry: Conditions): Record<string, string>[] {
  const nested = Object.values(entry).filter((target) => typeof target !== 'string');
  return nested.length === 0 ? [entry as Record<string, string>] : nested.flatMap(leaves);
}

describe.each(packages)('%s', (folder) => {
  const manifest = manifestOf(folder);

  it('has nothing in its package.json that publint minds', async () => {
    const { messages, pkg } = await publint({ pkgDir: folder, level: 'warning', strict: true, pack: false });
    expect(messages.map((message) => formatMessage(message, pkg!))).toEqual([]);
  });

  it('names types first and files that exist in its exports', () => {
    const entries = Object.values(manifest.exports).filter((entry) => typeof entry !== 'string');
    for (const conditions of entries.flatMap(leaves)) {
      expect(Object.keys(conditions)).toEqual(['types', 'default']);
      for (const file of Object.values(conditions)) expect(existsSync(join(folder, file)), file).toBe(true);
    }
  });

  it('is described in a sentence, and ships the project’s licence', () => {
    expect(manifest.description).toMatch(/^[A-Z][^ ]*( [^ ]+){5,}(?<!\.)$/);
    expect(manifest.license).toBe('MIT');
    expect(manifest.files).toContain('LICENSE');
    expect(readFileSync(join(folder, 'LICENSE'), 'utf8')).toBe(readFileSync('LICENSE', 'utf8'));
  });

  it('ships a README with code that imports the package, or runs its command', () => {
    expect(manifest.files).toContain('README.md');
    const readme = readFileSync(join(folder, 'README.md'), 'utf8');
    expect(readme.split('\n', 1)).toEqual([`# ${manifest.name}`]);
    const blocks = [...readme.matchAll(/^```(?:js|ts|sh)\n([\s\S]*?)^```$/gm)].map(([, code]) => code!);
    const uses = [`from '${manifest.name}`, ...Object.keys(manifest.bin ?? {}).map((name) => `npx ${name} `)];
    expect(uses.some((use) => blocks.some((code) => code.includes(use)))).toBe(true);
  });
});

describe('the programs that `npm run typecheck` checks', () => {
  interface Project {
    readonly compilerOptions?: { readonly types?: readonly string[]; readonly lib?: readonly string[] };
    readonly include: readonly string[];
    readonly exclude?: readonly string[];
  }
  const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Project;
  const programs = ['.neutral', '.web', '.node', ''].map((name) => read(`tsconfig${name}.json`));

  it.each(packages.filter((folder) => existsSync(join(folder, 'src'))))(
    'hold %s in one that allows it what its own configuration does',
    (folder) => {
      const own = read(join(folder, 'tsconfig.json')).compilerOptions;
      const [program, ...others] = programs.filter(
        ({ include, exclude }) =>
          include.includes(`${folder}/src`) ||
          (include.includes('packages/*/src') && !exclude?.includes(folder)),
      );
      expect(others).toEqual([]);
      expect(program?.compilerOptions?.types ?? []).toEqual(own?.types ?? []);
      expect(program?.compilerOptions?.lib ?? []).toEqual(expect.arrayContaining([...(own?.lib ?? [])]));
    },
  );
});
