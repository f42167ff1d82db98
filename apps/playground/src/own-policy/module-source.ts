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
export const POLICY_MODULES = [
  '@tessera/core',
  '@tessera/core/model',
  '@tessera/gtr',
  '@tessera/fts',
] as const;

type SyntaxNode = ReturnType<typeof parser.parse>['topNode'];

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

type Translated = { readonly edits: readonly Edit[] } | { readonly problem: string };

/** Statements that `export` may stand before and that do without it. */
const DECLARATIONS = ['VariableDeclaration', 'FunctionDeclaration', 'ClassDeclaration'];

/**
 * The forms of import that are understood, each by its parts, and what those become. The name of the package stays; what
 * follows it ends in a semicolon, since an import may end where its line does and the statement that it becomes may not.
 */
const IMPORTS: Readonly<Record<string, { readonly texts: Record<string, string>; readonly end: string }>> = {
  'import String': { texts: { import: '' }, end: ';' },
  'import ImportGroup from String': { texts: { import: 'const', from: ' = modules[' }, end: '];' },
  'import Star as VariableDefinition from String': {
    texts: { import: 'const ', Star: '', as: '', from: ' = modules[' },
    end: '];',
  },
};

/**
 * A module as the body of a function that takes `modules` (name → its exports) and `exported` (which it gives its
 * `default` to). Only the keywords change: comments and lines stay where they are, so that an error's line is the one that
 * the user sees.
 */
export function translateModule(source: string): TranslatedModule {
  const problems: SourceProblem[] = [];
  const edits: Edit[] = [];
  let hasDefault = false;
  const tree = parser.parse(source);
  const report = (from: number, to: number, message: string) =>
    problems.push({ from, to: Math.max(to, Math.min(source.length, from + 1)), message });

  const take = ({ from, to }: SyntaxNode, translated: Translated) => {
    if ('problem' in translated) report(from, to, translated.problem);
    else edits.push(...translated.edits);
  };

  tree.iterate({
    enter(at) {
      if (at.type.isError) {
        if (problems.at(-1)?.from !== at.from)
          report(at.from, at.to, 'This is not JavaScript: something is missing or too much here.');
      } else if (at.name === 'ImportDeclaration') {
        take(at.node, translateImport(at.node, source));
      } else if (at.name === 'DynamicImport') {
        report(at.from, at.to, `Import at the top: import { … } from '${POLICY_MODULES[0]}'.`);
      } else if (at.name === 'ExportDeclaration') {
        hasDefault ||= at.node.getChild('default') !== null;
        take(at.node, translateExport(at.node));
      }
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

function translateImport(node: SyntaxNode, source: string): Translated {
  const string = node.getChild('String');
  if (!string) return { problem: 'This import can’t be read.' };
  const name = source.slice(string.from + 1, string.to - 1);
  if (!(POLICY_MODULES as readonly string[]).includes(name)) {
    return { problem: `"${name}" is not here. There are: ${POLICY_MODULES.join(', ')}.` };
  }
  const parts = partsOf(node);
  const form = IMPORTS[parts.map((part) => part.name).join(' ')];
  if (!form) return { problem: `Import by name: import { … } from '${name}'.` };
  const changed = parts.filter((part) => part.name in form.texts);
  const renames = node.getChild('ImportGroup')?.getChildren('as') ?? [];
  return {
    edits: [
      ...changed.map((part) => replaced(part, form.texts[part.name]!)),
      ...renames.map((as) => replaced(as, ':')),
      { from: string.to, to: string.to, text: form.end },
    ],
  };
}

function translateExport(node: SyntaxNode): Translated {
  const [start, next] = partsOf(node);
  if (start && next?.name === 'default') {
    return { edits: [replaced(start, 'exported.default ='), replaced(next, '')] };
  }
  if (start && next && DECLARATIONS.includes(next.name)) return { edits: [replaced(start, '')] };
  return { problem: 'Only "export default" is read from a policy’s module.' };
}

/** What a statement consists of, but for comments and the semicolon at its end. */
function partsOf({ firstChild }: SyntaxNode): SyntaxNode[] {
  const parts: SyntaxNode[] = [];
  for (let part = firstChild; part; part = part.nextSibling) {
    if (!/Comment$|^;$/.test(part.name)) parts.push(part);
  }
  return parts;
}

function replaced({ from, to }: SyntaxNode, text: string): Edit {
  return { from, to, text };
}
