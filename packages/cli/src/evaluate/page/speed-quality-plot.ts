import type { ArmReport, EvaluationReport } from '@tessera/evaluate';
import { plain, secondsText } from '../number-text.js';
import { verdictAgainstFirst } from '../report-table.js';
import { type Axis, linearAxis, logAxis, px, tickText } from './axis.js';
import type { PlotSize } from './forest-plot.js';
import { type Markup, markup } from './markup.js';

interface Point {
  readonly arm: ArmReport;
  readonly number: number;
  readonly x: number;
  readonly y: number;
  readonly verdict: string;
}

/** A label's place: where its line begins and the middle of its height. */
interface LabelPlace {
  readonly left: number;
  readonly middle: number;
}

const LETTER = 7;
const LINE = 16;
const RADIUS = 8;

/**
 * Seconds an image, on a logarithmic axis, against Fréchet distance with its interval: the lower left is where one wants
 * to be. The dotted line is what real pictures score.
 */
export function speedQualityPlot(report: EvaluationReport, { width }: PlotSize): Markup {
  const narrow = width < 560;
  const height = narrow ? 320 : 400;
  const frame = { left: 52, right: width - 16, top: 16, bottom: height - 48 };
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
  const labels = narrow ? [] : placeLabels(points, y, frame);
  const floorY = px(y.at(floor));
  return markup`<svg class="plot" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Seconds an image against Fréchet distance">
${x.ticks.map(
  (
    tick,
  ) => markup`<line class="grid" x1="${px(x.at(tick))}" x2="${px(x.at(tick))}" y1="${frame.top}" y2="${frame.bottom}"/>
<text class="faint" x="${px(x.at(tick))}" y="${frame.bottom + 18}" text-anchor="middle">${tickText(tick)}</text>`,
)}
${y.ticks.map(
  (
    tick,
  ) => markup`<line class="grid" x1="${frame.left}" x2="${frame.right}" y1="${px(y.at(tick))}" y2="${px(y.at(tick))}"/>
<text class="faint" x="${frame.left - 8}" y="${px(y.at(tick) + 4)}" text-anchor="end">${tickText(tick)}</text>`,
)}
<line class="floor" x1="${frame.left}" x2="${frame.right}" y1="${floorY}" y2="${floorY}"/>
<text class="faint" x="${frame.right}" y="${px(floorY - 6)}" text-anchor="end">real pictures</text>
${points.map((point) => pointMarkup(point, y))}
${labels.map(({ left, middle }, i) => markup`<text class="name" x="${px(left)}" y="${px(middle + 4)}">${report.arms[i]!.name}</text>`)}
<text class="faint" x="${px((frame.left + frame.right) / 2)}" y="${height - 8}" text-anchor="middle">seconds an image, logarithmic${narrow ? '' : ' · lower left is best'}</text>
<text class="faint" transform="translate(14 ${px((frame.top + frame.bottom) / 2)}) rotate(-90)" text-anchor="middle">Fréchet distance</text>
</svg>`;
}

/** From the floor to the worst arm; logarithmic where the worst is many times the best. */
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

/**
 * Names beside their points, to the right or else the left, moved up or down as little as keeps them off each other, off
 * the points and off the intervals; a wish, not a promise, where there are many.
 */
function placeLabels(
  points: readonly Point[],
  axis: Axis,
  frame: { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number },
): LabelPlace[] {
  const taken = points.flatMap(({ arm, x, y }) => [
    box(x - RADIUS, x + RADIUS, y - RADIUS, y + RADIUS),
    box(x - 2, x + 2, axis.at(arm.metrics.frechet.high), axis.at(arm.metrics.frechet.low)),
  ]);
  return points.map(({ arm, x, y }) => {
    const length = arm.name.length * LETTER;
    const sides = [x + RADIUS + 5, x - RADIUS - 5 - length].filter(
      (left) => left >= frame.left && left + length <= frame.right,
    );
    const shifts = [0, 8, -8, 16, -16, 24, -24, 34, -34];
    const places = shifts.flatMap((shift) =>
      (sides.length > 0 ? sides : [Math.max(frame.left, frame.right - length)]).map((left) => ({
        left,
        middle: y + shift,
      })),
    );
    const free = places.find(
      ({ left, middle }) =>
        middle > frame.top &&
        middle < frame.bottom &&
        taken.every((each) => !overlap(each, box(left, left + length, middle - LINE / 2, middle + LINE / 2))),
    );
    const { left, middle } = free ?? places[0]!;
    taken.push(box(left, left + length, middle - LINE / 2, middle + LINE / 2));
    return { left, middle };
  });
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

function box(left: number, right: number, top: number, bottom: number): Box {
  return { left, right, top, bottom };
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
