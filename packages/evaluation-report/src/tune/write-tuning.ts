import { join } from 'node:path';
import { isShare } from '@tessera/evaluate';
import { plain, secondsText, shortTime, signed, timesText, withInterval } from '../display/number-text.js';
import { machineText, threadsText } from '../environment.js';
import { writeJson, writeWhole } from '../files/written-file.js';
import { plotFile } from '../page/plot-file.js';
import type { Subjects } from '../subjects.js';
import { type WrittenEvaluation, writeEvaluation } from '../write-evaluation.js';
import { agreementText, type TuneOutcome, type Tuning } from './tune.js';
import { tunePlot } from './tune-plot.js';

/** Where a search was written to. */
export interface WrittenTuning {
  readonly report: string;
  readonly curve: string;
  readonly record: string;
  /** The winner's spec. */
  readonly sampler?: string;
  readonly confirmation?: WrittenEvaluation;
}

/** Writes `tuning.json`, `tuning.md`, `curve.svg`, `sampler.txt` with the winner's spec, and the confirmation's own report. */
export async function writeTuning(
  folder: string,
  { tuning, evaluation }: TuneOutcome,
  look: { readonly subjects: Subjects; readonly scale: number },
): Promise<WrittenTuning> {
  const [record, report, curve] = ['tuning.json', 'tuning.md', 'curve.svg'].map((name) => join(folder, name));
  await writeJson(record!, tuning);
  await writeWhole(curve!, plotFile(tunePlot(tuning)));
  await writeWhole(report!, tuningPage(tuning));
  const sampler = join(folder, 'sampler.txt');
  if (tuning.winner !== null) await writeWhole(sampler, `${tuning.winner}\n`);
  const confirmation = evaluation && (await writeEvaluation(join(folder, 'confirmation'), evaluation, look));
  return {
    report: report!,
    curve: curve!,
    record: record!,
    ...(tuning.winner === null ? {} : { sampler }),
    ...(confirmation ? { confirmation } : {}),
  };
}

/** What a search came to, in sentences. */
export function tuningFindings({ winner, confirmations, reference, goal }: Tuning): string[] {
  if (confirmations.length === 0) return ['Nothing was confirmed: see the notes.'];
  const sentences = confirmations.map(({ spec, n, seed, verdict, speedup, secondsPerImage, agreement }) => {
    const speed = `${timesText(speedup)} as fast as ${reference.spec} (${secondsText(secondsPerImage)} s an image)`;
    const by = `by ${n} pictures of seed ${seed}`;
    if (agreement)
      return `${spec} is ${speed}; ${agreementText(agreement)} ${by}. Whether it is as good, agreement can't tell: look at its pictures.`;
    const word = {
      same: 'Confirmed the same',
      better: 'Confirmed better',
      worse: 'Found worse',
      undecided: 'Not decided',
    }[verdict];
    return `${word}, ${by} and real pictures that the search had not: ${spec}, ${speed}.`;
  });
  if (winner === null)
    sentences.push('No setting was found that isn’t worse. Give the search more time by --within.');
  else if (goal.kind === 'same-as' && confirmations.every(({ verdict }) => verdict === 'undecided'))
    sentences.push('Undecided is not the same: more pictures decide, by a longer --within or a larger --n.');
  return sentences;
}

function tuningPage(tuning: Tuning): string {
  const { goal, reference, candidates, confirmations, notes, model, judge, seed, timing } = tuning;
  const asked =
    goal.kind === 'budget'
      ? `The best picture in ${secondsText(goal.seconds)} s`
      : `The fastest sampling that is as good as \`${reference.spec}\``;
  const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
    [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  return `# ${asked}

${tuningFindings(tuning)
  .map((finding) => `- ${finding}`)
  .join('\n')}

![Seconds an image against quality](curve.svg)

## Candidates

${table(
  ['sampling', 's/image', 'speed', 'rounds', 'pictures', 'against the reference', 'worth'],
  candidates.map(({ spec, secondsPerImage, speedup, rounds, n, worth, comparisons, agreement }) => [
    `\`${spec}\``,
    secondsText(secondsPerImage),
    timesText(speedup),
    `${rounds}`,
    `${n}`,
    rounds === 0 ? 'too slow' : comparisonText(comparisons, agreement),
    worth === null ? '–' : plain(worth, 3),
  ]),
)}

## Confirmation

${
  confirmations.length === 0
    ? '_None._'
    : table(
        ['sampling', 'speed', 'pictures', 'seed', 'against the reference', 'verdict'],
        confirmations.map(({ spec, speedup, n, seed, verdict, comparisons, agreement }) => [
          `\`${spec}\``,
          timesText(speedup),
          `${n}`,
          `${seed}`,
          comparisonText(comparisons, agreement),
          `**${verdict}**`,
        ]),
      )
}

The search draws seed ${seed}, the same pictures by every candidate and the reference, and halves the candidates from round to round.
Worth is the probability that a candidate is within its margins, times the logarithm of its speed-up, or within a budget how much better it
is, in margins. A confirmation draws pictures of a fresh seed and measures them against the half of the real pictures that the search had not.
${notes.map((note) => `\n${note}\n`).join('')}
## What was measured on what

Model ${model.name} (SHA-256 ${model.sha256.slice(0, 12)}…); ${judge}; times: medians of ${timing.pictures} pictures of each candidate, one at a time
and in turn, ${threadsText({ threads: [timing.threads] })}, ${machineText(timing.machine)}. It took ${shortTime(tuning.spentSeconds)}.

\`\`\`sh
${tuning.command}
\`\`\`
`;
}

function comparisonText(
  comparisons: Tuning['candidates'][number]['comparisons'],
  agreement: Tuning['candidates'][number]['agreement'],
): string {
  if (agreement) return agreementText(agreement);
  return (comparisons ?? [])
    .map(({ metric, difference }) => {
      const name = { frechet: 'Fréchet', kid: 'KID', recall: 'recall', score: 'score' }[metric];
      if (!isShare(metric)) return `${name} ${withInterval(difference, 2, signed)}`;
      const { value, low, high } = difference;
      return `${name} ${signed(100 * value, 1)} [${signed(100 * low, 1)}, ${signed(100 * high, 1)}] points`;
    })
    .join(', ');
}
