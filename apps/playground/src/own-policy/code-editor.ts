import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab, isolateHistory } from '@codemirror/commands';
import { javascript } from '@codemirror/lang-javascript';
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, linter, setDiagnostics } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  hoverTooltip,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { translateModule } from './module-source.js';
import { type HelpEntry, POLICY_HELP } from './policy-help.js';

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword], color: 'var(--accent-strong)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--code-string)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--code-number)' },
  { tag: tags.comment, color: 'var(--ink-soft)', fontStyle: 'italic' },
  { tag: tags.function(tags.variableName), color: 'var(--code-function)' },
]);

const look = EditorView.theme({
  '&': { fontSize: '13px', backgroundColor: 'transparent', height: '100%' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.65' },
  '.cm-content': { padding: '12px 0', caretColor: 'var(--ink)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-gutters': { backgroundColor: 'var(--surface)', border: 'none', color: 'var(--ink-soft)' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'transparent' },
  '&.cm-focused .cm-activeLine': { backgroundColor: 'var(--code-line)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--code-selection)',
  },
  '.cm-tooltip': {
    backgroundColor: 'var(--surface)',
    color: 'var(--ink)',
    border: '1px solid var(--line)',
    borderRadius: '8px',
    boxShadow: 'var(--shadow)',
    overflow: 'hidden',
  },
  '.cm-tooltip-autocomplete ul li[aria-selected]': {
    backgroundColor: 'var(--accent)',
    color: 'var(--on-accent)',
  },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--alarm)' },
});

export interface CodeEditor {
  /** Changes the whole text, unless it is the same; the user can undo that. */
  replace(source: string): void;
  /** Marks a line, from 1, with what went wrong there. */
  mark(line: number, message: string): void;
  destroy(): void;
}

/** An editor for the module of a policy; problems that can be seen without running it are shown as it is written. */
export function codeEditor(
  parent: HTMLElement,
  source: string,
  onchange: (source: string) => void,
): CodeEditor {
  const state = EditorState.create({
    doc: source,
    extensions: [
      lineNumbers(),
      history(),
      drawSelection(),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      highlightActiveLine(),
      // A line that is scrolled sideways would lie under the line numbers.
      EditorView.lineWrapping,
      autocompletion({ override: [completions] }),
      hoverTooltip(hover),
      linter(problems, { delay: 400 }),
      // Tab indents; Escape, then Tab, leaves the editor.
      keymap.of([
        ...closeBracketsKeymap,
        ...completionKeymap,
        ...defaultKeymap,
        ...historyKeymap,
        indentWithTab,
      ]),
      javascript(),
      syntaxHighlighting(colours),
      look,
      EditorView.contentAttributes.of({
        'aria-label': 'Code of the policy. Escape, then Tab, leaves the editor.',
      }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) onchange(update.state.doc.toString());
      }),
    ],
  });
  const view = new EditorView({ parent, state });
  // A region that scrolls has to be reachable by keys.
  view.scrollDOM.tabIndex = 0;
  return {
    replace(next) {
      const { doc } = view.state;
      if (next === doc.toString()) return;
      // One undo brings all of the old text back, and no more.
      const annotations = isolateHistory.of('full');
      view.dispatch({ changes: { from: 0, to: doc.length, insert: next }, annotations });
    },
    mark(line, message) {
      const { doc } = view.state;
      if (line < 1 || line > doc.lines) return;
      const { from, to } = doc.line(line);
      view.dispatch(setDiagnostics(view.state, [{ from, to, severity: 'error', message }]));
    },
    destroy: () => view.destroy(),
  };
}

function problems({ state }: EditorView): readonly Diagnostic[] {
  const translated = translateModule(state.doc.toString());
  return translated.ok ? [] : translated.problems.map((problem) => ({ ...problem, severity: 'error' }));
}

function completions(context: CompletionContext): CompletionResult | null {
  const word = context.matchBefore(/\w+/);
  if (!word && !context.explicit) return null;
  const options = POLICY_HELP.map(
    (entry): Completion => ({
      label: entry.name,
      type: 'function',
      detail: entry.module,
      info: () => help(entry),
    }),
  );
  return { from: word?.from ?? context.pos, options, validFor: /^\w*$/ };
}

function hover(view: EditorView, position: number) {
  const word = view.state.wordAt(position);
  const name = word && view.state.sliceDoc(word.from, word.to);
  const entry = POLICY_HELP.find((each) => each.name === name);
  if (!word || !entry) return null;
  return { pos: word.from, end: word.to, above: true, create: () => ({ dom: help(entry) }) };
}

function help({ name, type, text }: HelpEntry): HTMLElement {
  const dom = document.createElement('div');
  dom.className = 'policy-help';
  const signature = dom.appendChild(document.createElement('code'));
  signature.textContent = `${name}${type}`;
  dom.appendChild(document.createElement('p')).textContent = text;
  return dom;
}
