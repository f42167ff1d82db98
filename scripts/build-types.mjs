// Writes the declarations of all packages to their dist/types: one program over all sources takes a tenth of the time of one
// program a package. It does not check types; `npm run typecheck` does.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const sourceOf = (folder, types) =>
  resolve(folder, types.replace(/^\.\/dist\/types\//, 'src/').replace(/\.d\.ts$/, '.ts'));

/** Name that is imported → the source file whose declarations stand for it. */
const entries = new Map();
const folders = readdirSync(join(root, 'packages'))
  .map((name) => join(root, 'packages', name))
  .filter((folder) => existsSync(join(folder, 'tsup.config.ts')));
for (const folder of folders) {
  const { name, exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  for (const [path, conditions] of Object.entries(exports)) {
    for (const types of typesOf(conditions)) {
      if (!types.startsWith('./dist/types/')) continue;
      const imported = name + path.slice(1);
      entries.set(imported, [...(entries.get(imported) ?? []), sourceOf(folder, types)]);
    }
  }
}

const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile);
const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
const program = ts.createProgram([...entries.values()].flat(), {
  ...options,
  lib: ['es2023', 'dom', 'dom.iterable', 'dom.asynciterable'].map((name) => `lib.${name}.d.ts`),
  types: ['node'],
  paths: Object.fromEntries(entries),
  rootDir: root,
  noEmit: false,
  declaration: true,
  emitDeclarationOnly: true,
  noCheck: true,
});
for (const folder of folders) rmSync(join(folder, 'dist/types'), { recursive: true, force: true });
const { diagnostics } = program.emit(undefined, (path, text) => {
  const [packages, name, src, ...rest] = relative(root, path).split(sep);
  if (packages !== 'packages' || src !== 'src') return;
  const file = join(root, packages, name, 'dist/types', ...rest);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
});
for (const { file, messageText } of diagnostics) {
  console.error(`${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
}
process.exitCode = diagnostics.length === 0 ? 0 : 1;

/** The declarations that an entry of `exports` names, by whatever condition. */
function typesOf(conditions) {
  if (typeof conditions === 'string') return [];
  return Object.entries(conditions).flatMap(([condition, target]) =>
    condition === 'types' ? [target] : typesOf(target),
  );
}
