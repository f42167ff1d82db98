import type { EvaluationReport, VariantReport } from '@tessera/evaluate';
import { decimalsOf, percent, plain, secondsText, timesText, withDeviation } from '../display/number-text.js';
import { type EvaluationDocument, isTimed } from '../evaluation-document.js';
import {
  askedHead,
  askedShare,
  hasOwnBaselines,
  SKILL_NOTE,
  skillTable,
  UNTIMED,
  verdictAgainstFirst,
} from '../report-table.js';
import { breakable, type Markup, markup } from './markup.js';

/** The table of all variants; `lines` says in a line what each one is. */
export function verdictTable(report: EvaluationDocument, lines: readonly string[]): Markup {
  const { n, arms, floors, comparisons } = report;
  const frechet = decimalsOf(arms.map(({ metrics }) => metrics.frechet));
  const kid = decimalsOf(arms.map(({ metrics }) => metrics.kid));
  const hasVerdicts = comparisons.some(({ against }) => against === arms[0]?.name);
  const heads = [
    ...[
      's/image',
      'speed',
      'Fréchet',
      '× floor',
      'KID',
      'precision',
      'recall',
      askedHead(report),
      'diversity',
    ],
    ...(hasVerdicts ? ['verdict'] : []),
  ];
  const ownFloors = hasOwnBaselines(report);
  const floorNote = ownFloors
    ? 'against other real ones: the floor'
    : `against other real ones, ${floors.count} of them: too few for a floor at ${n}`;
  const row = (arm: VariantReport, place: number): Markup => {
    const { metrics } = arm;
    const verdict = verdictAgainstFirst(report, arm.name);
    return markup`<tr class="${verdict ?? 'baseline'}">
<th scope="row"><span class="key">${place + 1}</span>${breakable(arm.name)}<span class="small">${lines[place] ?? ''}</span></th>
${timeCells(arm, isTimed(report))}
<td>${plain(metrics.frechet.value, frechet)}${small(`${plain(metrics.frechet.low, frechet)}–${plain(metrics.frechet.high, frechet)}`)}</td>
<td>${ownFloors ? (metrics.frechet.value / floors.frechet.mean).toFixed(1) : '–'}</td>
<td>${plain(metrics.kid.value, kid)}${small(`${plain(metrics.kid.low, kid)} to ${plain(metrics.kid.high, kid)}`)}</td>
<td>${percent(metrics.precision)}</td><td>${percent(metrics.recall)}</td>
<td>${askedShare(arm)}</td><td>${percent(metrics.diversity, 0)}</td>
${hasVerdicts && markup`<td class="word">${verdict ?? '–'}</td>`}</tr>`;
  };
  return markup`<div class="wide" tabindex="0" role="region" aria-label="Results"><table>
<thead><tr><th scope="col">variant</th>${heads.map((head) => markup`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${arms.map(row)}</tbody>
<tfoot><tr><th scope="row">real pictures${small(floorNote)}</th>
<td></td><td></td><td>${withDeviation(floors.frechet)}</td><td>${ownFloors ? '1.0' : '–'}</td><td>${withDeviation(floors.kid)}</td>
<td>${percent(floors.precision.mean)}</td><td>${percent(floors.recall.mean)}</td>
<td>${percent(report.reference.classAccuracy)}</td><td>100 %</td>${hasVerdicts && markup`<td></td>`}</tr></tfoot>
</table></div>`;
}

function timeCells(
  { secondsPerImage: { lower, median, upper }, speedup }: VariantReport,
  timed: boolean,
): Markup {
  if (!timed) return markup`<td>${UNTIMED}</td><td>${UNTIMED}</td>`;
  const quartiles = small(`${secondsText(lower)}–${secondsText(upper)}`);
  return markup`<td>${secondsText(median)}${quartiles}</td><td>${timesText(speedup.median)}</td>`;
}

/** Scores by skill; nothing where no prompts were scored. */
export function skillSection(report: EvaluationReport): Markup | undefined {
  const table = skillTable(report);
  if (!table) return undefined;
  return markup`<h2>Scores by skill</h2>
<p class="soft">${SKILL_NOTE}</p>
<div class="wide" tabindex="0" role="region" aria-label="Scores by skill"><table>
<thead><tr>${table.head.map((head) => markup`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${table.rows.map(([name = '', ...cells]) => markup`<tr><th scope="row">${breakable(name)}</th>${cells.map((cell) => markup`<td>${cell}</td>`)}</tr>`)}</tbody></table></div>`;
}

/** Shares of pictures in which the network sees damage, a variant a row; nothing where it knows none. */
export function corruptionSection({ arms, reference }: EvaluationReport): Markup | undefined {
  const kinds = [...new Set(arms.flatMap(({ metrics }) => Object.keys(metrics.damages ?? {})))].filter(
    (kind) => kind !== 'none',
  );
  if (kinds.length === 0) return undefined;
  const cells = (damages: Readonly<Record<string, number>> | null): Markup[] =>
    kinds.map((kind) => markup`<td>${percent(damages?.[kind] ?? null)}</td>`);
  return markup`<h2>Damage that the feature network sees</h2>
<p class="soft">Share of a variant’s pictures that look damaged in one way more than intact; it is sometimes wrong about real ones too.</p>
<div class="wide" tabindex="0" role="region" aria-label="Damage"><table>
<thead><tr><th scope="col">variant</th>${kinds.map((kind) => markup`<th scope="col">${kind}</th>`)}</tr></thead>
<tbody>${arms.map(({ name, metrics }) => markup`<tr><th scope="row">${breakable(name)}</th>${cells(metrics.damages)}</tr>`)}</tbody>
<tfoot><tr><th scope="row">real pictures</th>${cells(reference.damages)}</tr></tfoot></table></div>`;
}

function small(text: string): Markup {
  return markup`<span class="small">${text}</span>`;
}
