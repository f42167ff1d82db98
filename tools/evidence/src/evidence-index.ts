import { type EvaluationDocument, isMarginChanged, type Study } from '@tessera/evaluation-report';

/** A study and what its last run found. */
export interface IndexEntry {
  readonly study: Study;
  readonly document?: EvaluationDocument;
}

/** The page that lists all studies, in Markdown. */
export function indexPage(entries: readonly IndexEntry[]): string {
  const isChanged = entries.some(({ document }) => document && isMarginChanged(document));
  const margin = isChanged
    ? 'A page says where its margin was changed after\na result.'
    : 'The margins were set before anything was\ndrawn.';
  return `# Evidence

Studies of ways to sample the embedded models, of classes and of prompts. One command makes each of them.
${margin} For classes they are half of what the embedded model's autoencoder alone costs. People write a study's conclusions; the
command writes the rest.

${entries.map(entrySection).join('\n\n')}

## Making them

\`\`\`sh
npm run evidence -- order            # one study; all of them take half a day on two cores
npm run evidence -- all
npm run evidence -- order --n 240    # a first look, in out/evidence/looks
npm run evidence -- order --render   # the page again from its record, without drawing
\`\`\`

A run that is stopped goes on where it was. Pictures lie in \`.cache/evidence\` under model, seed, device and batch, each
way of sampling once for all studies. Another feature network is shown the kept pictures; nothing is drawn again.
[tools/evidence](../../tools/evidence) holds the studies as JSON files.
`;
}

function entrySection({ study, document }: IndexEntry): string {
  if (!document) return `## ${study.title}\n\n${study.question}\n\n_Not run yet._`;
  const { n, model, comparisons } = document;
  const compared = comparisons.filter(({ metric }) => metric === 'frechet');
  const counts = (['better', 'same', 'worse', 'undecided'] as const).flatMap((word) => {
    const { length } = compared.filter(({ verdict }) => verdict === word);
    return length > 0 ? [`${length} ${word}`] : [];
  });
  return (
    `## [${study.title}](${study.id}.md)\n\n${study.question}\n\n` +
    `${n} pictures of each variant by ${model.name} (${model.sha256.slice(0, 12)}…); verdicts in Fréchet distance: ${counts.join(', ')}.`
  );
}
