import { type Markup, markup } from './markup.js';

/** Turns values into places along an axis, and says where its marks are. */
export interface Axis {
  at(value: number): number;
  readonly ticks: readonly number[];
}

/** The sides of a plot, in pixels. */
export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** @param range the places of `from` and `to` */
export function linearAxis(
  from: number,
  to: number,
  range: readonly [number, number],
  wantedTicks = 6,
): Axis {
  const span = to > from ? to - from : 1;
  const step = niceStep(span / wantedTicks);
  const first = Math.ceil(from / step - 1e-9);
  const count = Math.floor(to / step + 1e-9) - first + 1;
  return {
    at: (value) => range[0] + ((value - from) / span) * (range[1] - range[0]),
    // By division where a step is a fraction, so that three times 0.1 is 0.3.
    ticks: Array.from({ length: count }, (_, i) =>
      step < 1 ? (first + i) / Math.round(1 / step) : (first + i) * step,
    ),
  };
}

/** Marks at 1, 2 and 5 of each power of ten; at more of them, or at the powers alone, where that is few or many. */
export function logAxis(from: number, to: number, range: readonly [number, number]): Axis {
  const least = Math.log10(from);
  const most = Math.log10(to);
  const digits = most - least > 2.5 ? [1] : most - least > 0.8 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 7];
  const ticks: number[] = [];
  for (let power = Math.floor(least); power <= Math.ceil(most); power++) {
    for (const digit of digits) {
      const tick = power < 0 ? digit / 10 ** -power : digit * 10 ** power;
      if (tick >= from && tick <= to) ticks.push(tick);
    }
  }
  return {
    at: (value) => range[0] + ((Math.log10(value) - least) / (most - least || 1)) * (range[1] - range[0]),
    ticks,
  };
}

/** The next of 1, 2, 2.5, 5 and 10 times a power of ten. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const digit = [1, 2, 2.5, 5, 10].find((each) => each * power >= least * (1 - 1e-9)) ?? 10;
  return digit * power;
}

/** As short as a mark can be: `0.05`, `2`, `−1.5`. */
export function tickText(value: number): string {
  return `${value < 0 ? '−' : ''}${Number(Math.abs(value).toPrecision(3))}`;
}

/** A place as it is written: tenths of a pixel are enough. */
export function px(place: number): number {
  return Math.round(place * 10) / 10;
}

/** A line across a plot at a mark of its horizontal axis, with its number below. */
export function gridColumn(x: number, tick: number, { top, bottom }: Pick<Frame, 'top' | 'bottom'>): Markup {
  return markup`<line class="grid" x1="${px(x)}" x2="${px(x)}" y1="${top}" y2="${bottom}"/>
<text class="faint" x="${px(x)}" y="${bottom + 18}" text-anchor="middle">${tickText(tick)}</text>`;
}

/** A line across a plot at a mark of its vertical axis, with its number on the left. */
export function gridRow(y: number, tick: number, { left, right }: Pick<Frame, 'left' | 'right'>): Markup {
  return markup`<line class="grid" x1="${px(left)}" x2="${px(right)}" y1="${px(y)}" y2="${px(y)}"/>
<text class="faint" x="${px(left - 8)}" y="${px(y + 4)}" text-anchor="end">${tickText(tick)}</text>`;
}

/** The lines of both axes of a plot, with their numbers. */
export function plotGrid(x: Axis, y: Axis, frame: Frame): Markup {
  return markup`${x.ticks.map((tick) => gridColumn(x.at(tick), tick, frame))}
${y.ticks.map((tick) => gridRow(y.at(tick), tick, frame))}`;
}
