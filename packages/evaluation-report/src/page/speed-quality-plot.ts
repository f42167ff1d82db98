import type { EvaluationReport, VariantReport } from '@tessera/evaluate';
import { plain, secondsText } from '../display/number-text.js';
import { hasOwnBaselines, verdictAgainstFirst } from '../report-table.js';
import { type Axis, linearAxis, logAxis, plotGrid, px } from './axis.js';
import type { PlotSize } from './forest-plot.js';
import { type Markup, markup } from './markup.js';
import { placeLabels } from './point-labels.js';

interface Point {
  readonly arm: VariantReport;
  readonly number: number;
  readonly x: number;
  readonly y: number;
  readonly verdict: string;
}

const RADIUS = 8;

/**
 * Seconds an image, on a logarithmic axis, against Fréchet distance with its interval: the lower left is where one wants
 * to be. The dotted line is what real pictures score, with their number where they are fewer than a variant's.
 */
export function speedQualityPlot(report: EvaluationReport, { width }: PlotSize): Markup {
  const narrow = width < 560;
  const height = narrow ? 320 : report.arms.length > 8 ? 560 : 400;
  const frame = { left: 48, right: width - 16, top: 30, bottom: height - 48 };
  const seconds = report.arms.map(({ secondsPerImage }) => secondsPerImage.median);
  const x = logAxis(Math.min(...seconds) / 1.3, Math.max(...seconds) * 1.3, [frame.left, frame.right]);
  const floor = report.floors.frechet.mean;
  const y = distanceAxis(report, [frame.bottom, frame.top]);
  const points = report.arms.map((arm, i) => ({
    arm,
    number: i + 1,
    x: x.at(seconds[i]!),
    y: y.at(arm.metrics.frechet.value),
    verdict: verdictAgainstFirst(report, arm.name) ?? 'baseline',
  }));
  const labels = narrow
    ? []
    : placeLabels(
        points.map(({ arm: { metrics }, number, x, y: middle }) => ({
          name: labelOf(report, number),
          x,
          y: middle,
          top: y.at(metrics.frechet.high),
          bottom: y.at(metrics.frechet.low),
        })),
        RADIUS,
        frame,
      );
  const floorY = px(y.at(floor));
  return markup`<svg class="plot" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Seconds an image against Fréchet distance">
${plotGrid(x, y, frame)}
<line class="floor" x1="${frame.left}" x2="${frame.right}" y1="${floorY}" y2="${floorY}"/>
<text class="faint" x="${frame.right}" y="${px(floorY - 6)}" text-anchor="end">${hasOwnBaselines(report) ? '' : `${report.floors.count} `}real pictures</text>
${points.map((point) => pointMarkup(point, y))}
${labels.map((label, i) => markup`<text class="name" x="${px(label.x)}" y="${px(label.middle + 4)}" text-anchor="${label.anchor}">${labelOf(report, i + 1)}</text>`)}
<text class="faint" x="${px((frame.left + frame.right) / 2)}" y="${height - 8}" text-anchor="middle">seconds an image, logarithmic${narrow ? '' : ' · lower left is best'}</text>
<text class="faint" x="0" y="12">Fréchet distance</text>
</svg>`;
}

/** With the number in its disc, since a name may have to stand apart from it. */
function labelOf({ arms }: EvaluationReport, number: number): string {
  return `${number} ${arms[number - 1]!.name}`;
}

/** From the floor to the worst variant; logarithmic where the worst is many times the best. */
function distanceAxis({ arms, floors }: EvaluationReport, range: readonly [number, number]): Axis {
  const { mean, spread } = floors.frechet;
  const most = Math.max(...arms.map(({ metrics }) => metrics.frechet.high));
  const least = Math.max(0, Math.min(mean - 2 * spread, ...arms.map(({ metrics }) => metrics.frechet.low)));
  const best = Math.min(...arms.map(({ metrics }) => metrics.frechet.value));
  if (least > 0 && most / best > 6) return logAxis(least / 1.15, most * 1.15, range);
  return linearAxis(Math.max(0, least - (most - least) * 0.1), most + (most - least) * 0.06, range, 5);
}

function pointMarkup({ arm, number, x, y, verdict }: Point, axis: Axis): Markup {
  const { value, low, high } = arm.metrics.frechet;
  const seconds = secondsText(arm.secondsPerImage.median);
  return markup`<g class="${verdict}"><title>${arm.name}: ${seconds} s an image, Fréchet distance ${plain(value, 2)}</title>
<line class="interval" x1="${px(x)}" x2="${px(x)}" y1="${px(axis.at(low))}" y2="${px(axis.at(high))}"/>
<circle class="disc" cx="${px(x)}" cy="${px(y)}" r="${RADIUS}"/>
<text class="in-disc" x="${px(x)}" y="${px(y + 4)}" text-anchor="middle">${number}</text></g>`;
}
