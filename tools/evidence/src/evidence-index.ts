import { type EvaluationDocument, isMarginChanged } from '@tessera/evaluation-report';
import type { Study } from './study.js';

/** A study and the document of its last run. */
export interface IndexEntry {
  readonly study: Study;
  readonly document?: EvaluationDocument;
}

/** The page that lists all studies, in Markdown. */
export function indexPage(entries: readonly IndexEntry[]): string {
  const isChanged = entries.some(({ document }) => document && isMarginChanged(document));
  const margin = isChanged
    ? 'with a margin, of which a page tells where it was changed after\na result'
    : 'with a margin that was set\nbefore anything was drawn';
  return `# Evidence

What the embedded model says about ways of sampling it: six studies, each made by one command, ${margin}. A page's conclusions are written by hand; the rest is written by the command.

${entries.map(entrySection).join('\n\n')}

## Making them

\`\`\`sh
npm run evidence -- order            # one study; all of them take half a day on two cores
npm run evidence -- all
npm run evidence -- order --n 240    # a first look, in out/evidence/looks
\`\`\`

A run that is stopped goes on where it was; what is drawn lies in \`.cache/evidence\` under model, seed, device and
batch, each way of sampling once for all studies. With another judge the kept pictures are seen again, not drawn again.
[tools/evidence](../../tools/evidence) holds the studies as data.
`;
}

function entrySection({ study, document }: IndexEntry): string {
  const head = `## [${study.title}](${study.id}.md)\n\n${study.question}`;
  if (!document) return `## ${study.title}\n\n${study.question}\n\n_Not run yet._`;
  const { n, model, comparisons } = document;
  const words = ['better', 'same', 'worse', 'undecided'] as const;
  const compared = comparisons.filter(({ metric }) => metric === 'frechet');
  const counts = words
    .map((word) => [word, compared.filter(({ verdict }) => verdict === word).length] as const)
    .filter(([, count]) => count > 0)
    .map(([word, count]) => `${count} ${word}`);
  return `${head}\n\n${n} pictures an arm by ${model.name} (${model.sha256.slice(0, 12)}…); verdicts in Fréchet distance: ${counts.join(', ')}.`;
}
