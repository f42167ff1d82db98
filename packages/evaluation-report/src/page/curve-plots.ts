import type { EvaluationReport, VariantReport } from '@tessera/evaluate';
import { plain } from '../display/number-text.js';
import { verdictAgainstFirst } from '../report-table.js';
import type { Curves } from '../study/study.js';
import { type Axis, type Frame, gridRow, linearAxis, px } from './axis.js';
import type { PlotSize } from './forest-plot.js';
import { type Markup, markup } from './markup.js';

const PANEL = { height: 250, gap: 28, above: 52, below: 28, left: 34 } as const;
const RADIUS = 4.5;
/** Between the names of lines that end at one height, in pixels. */
const NAME_HEIGHT = 15;
const LETTER = 7;

interface Point {
  readonly arm: VariantReport;
  readonly x: number;
  readonly y: number;
}

/**
 * Fréchet distance by a parameter, a panel each from zero on: points are variants with their intervals, in the colour of their
 * verdict against the first one, whose own distance is the dotted line. A panel of several lines takes a whole row.
 */
export function curvePlots(report: EvaluationReport, curves: Curves, { width }: PlotSize): Markup {
  const isWide = ({ lines }: Curves[number]): boolean => width < 560 || lines.length > 1;
  const rows: Curves[number][][] = [];
  for (const panel of curves) {
    const last = rows.at(-1);
    if (last?.length === 1 && !isWide(last[0]!) && !isWide(panel)) last.push(panel);
    else rows.push([panel]);
  }
  const half = (width - PANEL.gap) / 2;
  const panels = rows.flatMap((row, above) =>
    row.map((panel, column) =>
      panelMarkup(report, panel, {
        left: column * (half + PANEL.gap),
        top: above * (PANEL.height + PANEL.gap),
        width: isWide(panel) ? width : half,
      }),
    ),
  );
  const height = rows.length * (PANEL.height + PANEL.gap) - PANEL.gap;
  return markup`<svg class="plot" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Fréchet distance by parameter">${panels}</svg>`;
}

function panelMarkup(
  report: EvaluationReport,
  { title, lines }: Curves[number],
  place: { readonly left: number; readonly top: number; readonly width: number },
): Markup {
  const arms = new Map(report.arms.map((arm) => [arm.name, arm]));
  const names = lines.flatMap(({ name }) => name ?? []);
  const frame: Frame = {
    left: place.left + PANEL.left,
    right: place.left + place.width - Math.max(12, ...names.map(({ length }) => length * LETTER + 16)),
    top: place.top + PANEL.above,
    bottom: place.top + PANEL.height - PANEL.below,
  };
  const labels = [...new Set(lines.flatMap(({ points }) => points.map(([label]) => label)))];
  const step = (frame.right - frame.left) / labels.length;
  const column = (label: string): number => frame.left + step * (labels.indexOf(label) + 0.5);
  const shown = lines.flatMap(({ points }) => points.map(([, variant]) => arms.get(variant)!));
  const first = report.arms[0]!;
  const most = Math.max(...[first, ...shown].map(({ metrics }) => metrics.frechet.high));
  const y = linearAxis(0, most * 1.05, [frame.bottom, frame.top], 4);
  const drawn = lines.map(({ name, points }) => ({
    name,
    points: points.map(([label, variant]): Point => {
      const arm = arms.get(variant)!;
      return { arm, x: column(label), y: y.at(arm.metrics.frechet.value) };
    }),
  }));
  const reference = y.at(first.metrics.frechet.value);
  return markup`<text class="title" x="${px(place.left)}" y="${px(place.top + 16)}">${title}</text>
<text class="faint" x="${px(place.left)}" y="${px(place.top + 36)}">Fréchet distance; dotted: ${first.name}</text>
${y.ticks.map((tick) => gridRow(y.at(tick), tick, frame))}
<line class="floor" x1="${px(frame.left)}" x2="${px(frame.right)}" y1="${px(reference)}" y2="${px(reference)}"/>
${labels.map((label) => markup`<text class="faint" x="${px(column(label))}" y="${px(frame.bottom + 18)}" text-anchor="middle">${label}</text>`)}
${drawn.map(({ points }) => markup`<polyline class="curve" points="${points.map(({ x, y }) => `${px(x)},${px(y)}`).join(' ')}"/>`)}
${drawn.flatMap(({ points }) => points.map((point) => pointMarkup(report, point, y)))}
${endNames(drawn)}
`;
}

function pointMarkup(report: EvaluationReport, { arm, x, y }: Point, axis: Axis): Markup {
  const { value, low, high } = arm.metrics.frechet;
  return markup`<g class="${verdictAgainstFirst(report, arm.name) ?? 'baseline'}"><title>${arm.name}: Fréchet distance ${plain(value, 2)}</title>
<line class="interval" x1="${px(x)}" x2="${px(x)}" y1="${px(axis.at(low))}" y2="${px(axis.at(high))}"/>
<circle class="disc" cx="${px(x)}" cy="${px(y)}" r="${RADIUS}"/></g>`;
}

/** The names of lines, right of their last points, none on another. */
function endNames(
  lines: readonly { readonly name: string | undefined; readonly points: readonly Point[] }[],
): Markup[] {
  let free = Number.NEGATIVE_INFINITY;
  return lines
    .flatMap(({ name, points }) => (name === undefined ? [] : [{ name, end: points.at(-1)! }]))
    .sort((a, b) => a.end.y - b.end.y)
    .map(({ name, end }) => {
      const middle = Math.max(end.y, free);
      free = middle + NAME_HEIGHT;
      return markup`<text class="name" x="${px(end.x + RADIUS + 8)}" y="${px(middle + 4)}">${name}</text>`;
    });
}
