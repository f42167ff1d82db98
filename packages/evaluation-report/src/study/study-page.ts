import type { ComparedMetric, VariantReport } from '@tessera/evaluate';
import {
  decimalsOf,
  percent,
  plain,
  secondsText,
  signed,
  timesText,
  withInterval,
} from '../display/number-text.js';
import { listed, machinesText, mixtureNote, threadsText, timingText, versionsText } from '../environment.js';
import { type EvaluationDocument, networkText } from '../evaluation-document.js';
import {
  chanceNote,
  changesNote,
  fewPicturesNote,
  findingsOf,
  isMarginChanged,
  marginNote,
  recordedNote,
} from '../findings.js';
import { metricName } from '../page/forest-plot.js';
import {
  askedHead,
  askedShare,
  baselineExcessText,
  baselinesText,
  hasOwnBaselines,
  SKILL_NOTE,
  skillTable,
} from '../report-table.js';
import { variantLines } from '../variant-lines.js';
import { resultsFingerprint } from './results-fingerprint.js';
import type { Study } from './study.js';

type Column = readonly [head: string, cell: (arm: VariantReport, place: number) => string];

/** A study and its results as a page in Markdown. */
export function studyPage(study: Study, document: EvaluationDocument): string {
  const { timing } = document;
  const lines = variantLines(document);
  const findings = findingsOf(document, { timed: timing !== undefined });
  const metrics = [...new Set(document.comparisons.map(({ metric }) => metric))];
  return `# ${study.title}

${study.question}

**What was said before.** ${study.claim}

**Method.** ${study.method} In all variants: ${lines.common || 'nothing else'}. ${drawing(document)} ${margins(document)}

## Conclusions

${conclusions(study, document)}

## Results

${study.curves ? `![Fréchet distance by each parameter](${study.id}-curves.svg)\n\n` : ''}${armTable(study, document, lines.own)}

${floors(document)}
${skills(document)}
![The first pictures of each variant](${study.id}.png)

${timing ? `![Seconds an image against Fréchet distance](${study.id}-speed.svg)\n\n` : ''}## Differences

![Differences in Fréchet distance with intervals](${study.id}.svg)

${findings.map((finding) => `- ${finding}`).join('\n')}

${[...metrics.map((metric) => differenceTable(document, metric)), chanceNote(document) ?? []].flat().join('\n\n')}

## What was measured on what

${setup(document)}${timing ? ` Times: medians of ${timingText(timing)}.` : ''} Fingerprint of the results: ${resultsFingerprint(document)}.
${notes(study, document)}
\`\`\`sh
${document.command}
\`\`\`
`;
}

/** What people concluded, under a note where they concluded it from other results. */
function conclusions({ conclusions }: Study, document: EvaluationDocument): string {
  if (conclusions === undefined) return '_None yet._';
  const fingerprint = resultsFingerprint(document);
  const text = conclusions.text.join('\n');
  return conclusions.basis === fingerprint
    ? text
    : `> **From other results.** Read these conclusions against the numbers below, then set their \`basis\` in the study to \`${fingerprint}\`.\n\n${text}`;
}

function drawing({ n, seed, network, reference, skills }: EvaluationDocument): string {
  return (
    `${n} pictures of each variant, seed ${seed}: picture k has the same ${skills ? 'prompt' : 'class'} and the same noise in every variant. ` +
    `Measured by ${networkText(network)} (${network.width} features), against ${reference.count} real pictures.`
  );
}

function margins(document: EvaluationDocument): string {
  const { margins, confidence, resamples } = document;
  const intervals = `Brackets are ${percent(confidence, 0)} intervals from ${resamples} paired resamples.`;
  if (margins.frechet === null) return [intervals, marginNote(document)].join(' ');
  const when = isMarginChanged(document) ? 'changed as is told below' : 'set beforehand';
  const set = (['frechet', 'kid', 'recall', 'score'] as const).flatMap((metric) =>
    typeof margins[metric] === 'number' ? [`${margins[metric]} in ${metricName(metric)}`] : [],
  );
  return `${intervals} The margin, ${when}, is ${listed(set)}.`;
}

function armTable(study: Study, document: EvaluationDocument, lines: readonly string[]): string {
  const { arms, floors, timing } = document;
  const ownFloors = hasOwnBaselines(document);
  const frechet = decimalsOf(arms.map(({ metrics }) => metrics.frechet));
  const kid = decimalsOf(arms.map(({ metrics }) => metrics.kid));
  const specs = new Map(study.variants.map(({ name, sampler }) => [name, sampler]));
  const times: readonly Column[] = [
    ['s/image', ({ secondsPerImage }) => secondsText(secondsPerImage.median)],
    ['speed', ({ speedup }) => timesText(speedup.median)],
  ];
  const columns: readonly Column[] = [
    ['variant', ({ name }) => name],
    ['sampling', ({ name }, place) => `\`${specs.get(name)}\`<br>${lines[place]}`],
    ['passes', ({ passes }) => plain(passes, 0)],
    ['head evaluations', ({ headEvaluations }) => Math.round(headEvaluations).toLocaleString('en')],
    ...(timing ? times : []),
    ['Fréchet', ({ metrics }) => withInterval(metrics.frechet, frechet)],
    [
      '× floor',
      ({ metrics }) => (ownFloors ? (metrics.frechet.value / floors.frechet.mean).toFixed(2) : '–'),
    ],
    ['KID', ({ metrics }) => plain(metrics.kid.value, kid)],
    ['precision', ({ metrics }) => percent(metrics.precision)],
    ['recall', ({ metrics }) => percent(metrics.recall)],
    [askedHead(document), askedShare],
    ['diversity', ({ metrics }) => percent(metrics.diversity, 0)],
  ];
  return markdownTable(
    columns.map(([head]) => head),
    arms.map((arm, place) => columns.map(([, cell]) => cell(arm, place))),
    ['variant', 'sampling'],
  );
}

function skills(document: EvaluationDocument): string {
  const table = skillTable(document);
  return table ? `\n${markdownTable(table.head, table.rows, ['variant'])}\n\n${SKILL_NOTE}\n` : '';
}

function differenceTable({ comparisons }: EvaluationDocument, metric: ComparedMetric): string {
  const compared = comparisons.filter((each) => each.metric === metric);
  const decimals = decimalsOf(compared.map(({ difference }) => difference));
  return markdownTable(
    ['variant', 'against', `difference in ${metricName(metric)}`, 'verdict'],
    compared.map(({ arm, against, difference, verdict }) => [
      arm,
      against,
      withInterval(difference, decimals, signed),
      `**${verdict}**`,
    ]),
    ['variant', 'against', 'verdict'],
  );
}

function floors(document: EvaluationDocument): string {
  const { n, floors } = document;
  const { count, splits } = floors;
  const fewer = hasOwnBaselines(document)
    ? ''
    : `There are too few for a floor at ${n}, which would be lower. `;
  return (
    `The floor, real pictures against other real ones (${splits} splits of ${count}): ` +
    `${baselinesText(floors)}. Its Fréchet distance is ${baselineExcessText(document)} more than a perfect sampler would score, which is held against all of them. ${fewer}` +
    'Passes are runs of the transformer for an image, head evaluations its tokens × diffusion steps, twice where guided.'
  );
}

function setup({ model, made, reference }: EvaluationDocument): string {
  return (
    `Model ${model.name} (SHA-256 ${model.sha256.slice(0, 12)}…), weights in ${made.dtype} on ${made.device}, ` +
    `${made.batch} pictures at once; real pictures: ${reference.name}; ${machinesText(made)}, ${threadsText(made)}; ${versionsText(made.versions)}.`
  );
}

/** What was not set beforehand, and what the pictures were drawn with where that differs: a paragraph each. */
function notes(study: Study, document: EvaluationDocument): string {
  const changes = lookNote(study, document) ?? changesNote(document);
  return [fewPicturesNote(document), changes, mixtureNote(document.made), recordedNote(document)]
    .flatMap((note) => (note === undefined ? [] : [`\n${note}\n`]))
    .join('');
}

/** The study sets its number of pictures whatever a first look at fewer has shown, so that is no choice made after it. */
function lookNote(study: Study, { n, changes: [change, ...others] }: EvaluationDocument): string | undefined {
  const [, before] = /^n: (\d+) → \d+$/.exec(change ?? '') ?? [];
  if (before === undefined || others.length > 0 || n !== study.n || Number(before) > n) return undefined;
  return `A first look was taken at ${before} pictures of each variant; that the study has ${n}, and the margin, were set before it.`;
}

/** @param words heads of the columns that stand left; the others are numbers */
function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  words: readonly string[],
): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(head),
    line(head.map((each) => (words.includes(each) ? '---' : '---:'))),
    ...rows.map(line),
  ].join('\n');
}
