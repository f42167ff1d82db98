import { shortTime } from '@tessera/evaluation-report/display';
import type { Environment, OutputStream } from './terminal.js';

/** How far a command is: a line that is drawn over and over on a terminal, and a new line now and then elsewhere. */
export interface ProgressBar {
  /**
   * @param fraction 0 … 1; one that is less than the last begins another part of the work
   * @param left seconds, where more is known of them than the fraction and the time so far tell
   */
  update(fraction: number, label: string, left?: number): void;
  /** Takes the line off the screen. */
  clear(): void;
}

const CELLS = 24;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** Milliseconds from one drawing of the bar, or one line, to the next. */
const BAR_PAUSE = 50;
const LINE_PAUSE = 30_000;

/** A bar on a terminal; plain lines in a pipe, in CI, or where NO_COLOR is set. */
export function progressBar(
  stream: OutputStream,
  env: Environment,
  now: () => number = Date.now,
): ProgressBar {
  const isBar = stream.isTTY === true && !env.CI && !env.NO_COLOR && env.TERM !== 'dumb';
  const began = now();
  let next = began + (isBar ? 0 : LINE_PAUSE);
  let part = { began, fraction: 0 };
  return {
    update(fraction, label, known) {
      const moment = now();
      part = { began: fraction < part.fraction ? moment : part.began, fraction };
      if (moment < next && !(isBar && fraction >= 1)) return;
      next = moment + (isBar ? BAR_PAUSE : LINE_PAUSE);
      const soFar = (moment - part.began) / 1000;
      const left = known ?? (fraction > 0 && soFar >= 1 ? (soFar * (1 - fraction)) / fraction : undefined);
      const percent = `${`${Math.floor(fraction * 100)}`.padStart(3)} %`;
      const rest = left === undefined ? '' : `  ${shortTime(left)} left`;
      if (!isBar) {
        stream.write(`${percent.trimStart()}  ${label}${rest}\n`);
        return;
      }
      const columns = Math.max(20, (stream.columns || 80) - 1);
      const start = `${columns < 60 ? '' : `  ${bar(fraction)} `}${percent}  `;
      const shown = label.slice(0, Math.max(0, columns - start.length - rest.length));
      stream.write(`\r\u001b[2K${`${start}${shown}${rest}`.slice(0, columns)}`);
    },
    clear() {
      if (isBar) stream.write('\r\u001b[2K');
    },
  };
}

function bar(fraction: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, fraction)) * CELLS * 8);
  return `${'█'.repeat(eighths >> 3)}${EIGHTHS[eighths & 7]}`.padEnd(CELLS, '·');
}
