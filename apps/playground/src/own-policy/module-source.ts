import { parser } from '@lezer/javascript';
import { OwnCodeError } from './own-code-error.js';

/** Something wrong with a module's text, at a place in it. */
export interface SourceProblem {
  readonly from: number;
  readonly to: number;
  readonly message: string;
}

export type TranslatedModule =
  | { readonly ok: true; readonly code: string }
  | { readonly ok: false; readonly problems: readonly SourceProblem[] };

/** Modules that a policy may import. */
export const POLICY_MODULES = ['@tessera/core', '@tessera/gtr', '@tessera/fts'] as const;

/**
 * A module as the body of a function that takes `modules` (name → its exports) and `exported` (which it gives its
 * `default` to). Lines stay where they are, so that an error's line is the one that the user sees.
 */
export function translateModule(source: string): TranslatedModule {
  const problems: SourceProblem[] = [];
  const edits: { from: number; to: number; text: string }[] = [];
  let hasDefault = false;
  const tree = parser.parse(source);
  const report = (from: number, to: number, message: string) =>
    problems.push({ from, to: Math.max(to, Math.min(source.length, from + 1)), message });

  tree.iterate({
    enter(node) {
      if (node.type.isError) {
        if (problems.at(-1)?.from !== node.from)
          report(node.from, node.to, 'This is not JavaScript: something is missing or too much here.');
        return;
      }
      if (node.name === 'ImportDeclaration') {
        const text = source.slice(node.from, node.to);
        const translated = translateImport(text);
        if ('problem' in translated) report(node.from, node.to, translated.problem);
        else edits.push({ from: node.from, to: node.to, text: translated.code + keptLines(text) });
      } else if (node.name === 'DynamicImport') {
        report(node.from, node.to, `Import at the top: import { … } from '${POLICY_MODULES[0]}'.`);
      } else if (node.name === 'ExportDeclaration') {
        const text = source.slice(node.from, node.to);
        const opening = /^export\s+default\s+/.exec(text);
        if (opening) {
          hasDefault = true;
          edits.push({
            from: node.from,
            to: node.from + opening[0].length,
            text: `exported.default = ${keptLines(opening[0])}`,
          });
        } else if (/^export\s+(const|let|var|function|class|async)\b/.test(text)) {
          edits.push({ from: node.from, to: node.from + 'export'.length, text: '' });
        } else report(node.from, node.to, 'Only "export default" is read from a policy’s module.');
      }
      return;
    },
  });
  if (problems.length === 0 && !hasDefault) {
    report(
      source.length,
      source.length,
      'End with "export default" and your policy, so that it can be found.',
    );
  }
  if (problems.length > 0) return { ok: false, problems };
  let code = source;
  for (const { from, to, text } of edits.sort((a, b) => b.from - a.from)) {
    code = code.slice(0, from) + text + code.slice(to);
  }
  return { ok: true, code: `'use strict'; ${code}` };
}

/** @throws OwnCodeError, with the line, where `translateModule` finds a problem */
export function translatedCode(source: string): string {
  const translated = translateModule(source);
  if (translated.ok) return translated.code;
  const { message, from } = translated.problems[0]!;
  throw new OwnCodeError(message, source.slice(0, from).split('\n').length);
}

function translateImport(text: string): { readonly code: string } | { readonly problem: string } {
  const [, clause, name] = /^import\s+(?:([\s\S]*?)\s+from\s+)?['"]([^'"]*)['"]\s*;?$/.exec(text) ?? [];
  if (name === undefined) return { problem: 'This import can’t be read.' };
  if (!(POLICY_MODULES as readonly string[]).includes(name)) {
    return { problem: `"${name}" is not here. There are: ${POLICY_MODULES.join(', ')}.` };
  }
  const from = `modules[${JSON.stringify(name)}]`;
  if (clause === undefined) return { code: '' };
  const namespace = /^\*\s+as\s+([\w$]+)$/.exec(clause);
  if (namespace) return { code: `const ${namespace[1]} = ${from};` };
  const named = /^\{([\s\S]*)\}$/.exec(clause);
  if (!named) return { problem: `Import by name: import { … } from '${name}'.` };
  const bindings = named[1]!
    .replace(/\s+as\s+/g, ': ')
    .replace(/\s+/g, ' ')
    .trim();
  return { code: `const { ${bindings} } = ${from};` };
}

/** As many line breaks as `text` has. */
function keptLines(text: string): string {
  return '\n'.repeat(text.split('\n').length - 1);
}
