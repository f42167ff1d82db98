import type { ComparedMetric, Comparison, EvaluationReport } from '@tessera/evaluate';
import { decimalsOf, signed, withInterval } from '../display/number-text.js';
import { type Axis, gridColumn, linearAxis, px, tickText } from './axis.js';
import { type Markup, markup } from './markup.js';
import { wrapName } from './wrap-name.js';

export interface PlotSize {
  /** Pixels; below 560 names stand above their intervals rather than beside. */
  readonly width: number;
}

/** Where things are in a plot of a width. */
interface Layout {
  readonly width: number;
  readonly narrow: boolean;
  readonly rowHeight: number;
  readonly track: readonly [left: number, right: number];
  /** As many as fit left of the track in a wide typeface. */
  readonly letters: number;
}

/** Left of the track, where no variant's name needs more, and at most. */
const NAME_LETTERS = { usual: 26, most: 34 } as const;
const HEAD = 34;
const FOOT = 44;

/**
 * Differences between variants with their intervals, a row a comparison, on the band of differences that don't matter.
 * Intervals that would squeeze all others end in an arrow; their numbers stand beside them.
 */
export function forestPlot(report: EvaluationReport, metric: ComparedMetric, { width }: PlotSize): Markup {
  const comparisons = report.comparisons.filter((each) => each.metric === metric);
  const oneBaseline = new Set(comparisons.map(({ against }) => against)).size === 1;
  // Each on a line of its own, and a dash before what it is compared with.
  const names = comparisons.flatMap(({ arm, against }) => (oneBaseline ? [arm] : [arm, `− ${against}`]));
  const layout = layoutOf(width, Math.max(...names.map(({ length }) => length)));
  const { track, rowHeight } = layout;
  const margin = report.margins[metric] ?? null;
  const limit = limitOf(comparisons, margin ?? 0);
  const axis = linearAxis(-limit, limit, track, layout.narrow ? 4 : 6);
  const decimals = decimalsOf(comparisons.map(({ difference }) => difference));
  const bottom = HEAD + comparisons.length * rowHeight;
  const zero = axis.at(0);
  const than = oneBaseline ? ` than ${shortened(comparisons[0]!.against)}` : '';
  return markup`<svg class="plot" width="${width}" height="${bottom + FOOT}" viewBox="0 0 ${width} ${bottom + FOOT}" role="img" aria-label="${metricName(metric)}: differences with intervals">
${margin !== null && marginBand(margin, axis, { limit, bottom })}
<text class="faint" x="${px(zero)}" y="28" text-anchor="middle">${metric === 'recall' ? `← worse${than} · better →` : `← better${than} · worse →`}</text>
${axis.ticks.map((tick) => gridColumn(axis.at(tick), tick, { top: HEAD, bottom }))}
<line class="zero" x1="${px(zero)}" x2="${px(zero)}" y1="${HEAD}" y2="${bottom}"/>
${comparisons.map((comparison, row) => comparisonRow(comparison, { axis, limit, layout, decimals, oneBaseline, top: HEAD + row * rowHeight }))}
<text class="faint" x="${px(zero)}" y="${bottom + 38}" text-anchor="middle">difference in ${metricName(metric)}</text>
</svg>`;
}

function marginBand(
  margin: number,
  axis: Axis,
  { limit, bottom }: { readonly limit: number; readonly bottom: number },
): Markup {
  const [left, right] = [axis.at(Math.max(-limit, -margin)), axis.at(Math.min(limit, margin))];
  return markup`<rect class="band" x="${px(left)}" y="${HEAD}" width="${px(right - left)}" height="${bottom - HEAD}"/>
<text class="faint" x="${px(axis.at(0))}" y="14" text-anchor="middle">margin ±${tickText(margin)}</text>`;
}

/** `Fréchet distance`, `KID`. */
export function metricName(metric: ComparedMetric): string {
  return { frechet: 'Fréchet distance', kid: 'KID', recall: 'recall', score: 'score' }[metric];
}

/** @param wanted letters of the longest name */
function layoutOf(width: number, wanted: number): Layout {
  const narrow = width < 560;
  if (narrow) return { width, narrow, rowHeight: 62, track: [8, width - 8], letters: width / 9 };
  const letters = Math.min(NAME_LETTERS.most, Math.max(NAME_LETTERS.usual, wanted));
  return { width, narrow, rowHeight: 38, track: [22 + 8 * letters, width - 300], letters };
}

/** How far the axis reaches either way: as far as all intervals, but for those many times as far as the middling one. */
function limitOf(comparisons: readonly Comparison[], margin: number): number {
  const reach = ({ difference: { low, high } }: Comparison): number =>
    Math.max(Math.abs(low), Math.abs(high));
  const reaches = comparisons.map(reach).sort((a, b) => a - b);
  const middling = Math.max(2 * margin, reaches[Math.floor((reaches.length - 1) / 2)] ?? 0);
  const shown = reaches.filter((each) => each <= 5 * middling);
  // Without a margin or a difference there is nothing to reach for.
  return 1.08 * Math.max(1.6 * margin, ...shown) || 1;
}

interface RowPlace {
  readonly axis: Axis;
  readonly limit: number;
  readonly layout: Layout;
  readonly decimals: number;
  readonly oneBaseline: boolean;
  readonly top: number;
}

function comparisonRow(
  { arm, against, difference, verdict }: Comparison,
  { axis, limit, layout: { width, narrow, rowHeight, track, letters }, decimals, oneBaseline, top }: RowPlace,
): Markup {
  const y = top + (narrow ? rowHeight - 14 : rowHeight / 2);
  const name = oneBaseline ? arm : `${arm} − ${against}`;
  const numbers = withInterval(difference, decimals, signed);
  const inside = (value: number): number => axis.at(Math.min(limit, Math.max(-limit, value)));
  const [left, right] = [inside(difference.low), inside(difference.high)];
  const lines = narrow ? [shortened(name, letters)] : rowName(oneBaseline ? [arm] : [arm, against], letters);
  const label = lines.map(
    (line, i) =>
      markup`<text class="name" x="${narrow ? track[0] : track[0] - 16}" y="${narrow ? top + 18 : y + 4 + (i - (lines.length - 1) / 2) * 15}" text-anchor="${narrow ? 'start' : 'end'}">${line}</text>`,
  );
  const numberPlace = narrow
    ? markup`<text class="number" x="${track[0]}" y="${top + 35}">${numbers}</text>`
    : markup`<text class="number" x="${track[1] + 16}" y="${y + 4}">${numbers}</text>`;
  return markup`<g class="${verdict}"><title>${name}: ${numbers}, ${verdict}</title>
${label}
<line class="interval" x1="${px(left)}" x2="${px(right)}" y1="${px(y)}" y2="${px(y)}"/>
${difference.low < -limit && arrow(axis.at(-limit), y, -1)}${difference.high > limit && arrow(axis.at(limit), y, 1)}
${Math.abs(difference.value) <= limit && markup`<circle class="dot" cx="${px(axis.at(difference.value))}" cy="${px(y)}" r="5"/>`}
${numberPlace}
<text class="verdict" x="${width - (narrow ? 8 : 0)}" y="${narrow ? top + 18 : y + 4}" text-anchor="end">${verdict}</text></g>`;
}

/** What stands left of a row, in a line if it fits, else broken where the other variant begins, or else in a part's. */
function rowName(arms: readonly string[], letters: number): readonly string[] {
  const name = arms.join(' − ');
  if (name.length <= letters) return [name];
  const lines = arms.map((arm, i) => (i === 0 ? arm : `− ${arm}`));
  return lines.length === 2 && lines.every((line) => line.length <= letters)
    ? lines
    : wrapName(name, letters);
}

function arrow(x: number, y: number, direction: 1 | -1): Markup {
  return markup`<path class="arrow" d="M${px(x)} ${px(y)}l${-9 * direction} -5v10z"/>`;
}

function shortened(name: string, most = 32): string {
  return name.length <= most ? name : `${name.slice(0, Math.floor(most) - 1)}…`;
}
