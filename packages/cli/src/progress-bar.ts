import { shortTime } from '@tessera/evaluation-report/display';
import type { Environment, OutputStream } from './terminal.js';

/** Progress: a line that is drawn over and over on a terminal, and a line now and then elsewhere. */
export interface ProgressBar {
  /**
   * @param fraction 0 … 1
   * @param left seconds, where more is known of them than the fraction and the time so far tell
   */
  update(fraction: number, label: string, left?: number): void;
  /** Takes the line off the screen. */
  clear(): void;
}

const CELLS = 24;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** Milliseconds before the first line and between two, where there is no terminal. */
const QUIET = 30_000;

/** A bar on a terminal; in a pipe, in CI, or where NO_COLOR is set, a line every half minute. */
export function progressBar(
  stream: OutputStream,
  env: Environment,
  now: () => number = Date.now,
): ProgressBar {
  const shown = stream.isTTY === true && !env.CI && !env.NO_COLOR && env.TERM !== 'dumb';
  const began = now();
  let last = shown ? Number.NEGATIVE_INFINITY : began;
  return {
    update(fraction, label, known) {
      const moment = now();
      if (moment - last < (shown ? 50 : QUIET) && (!shown || fraction < 1)) return;
      last = moment;
      const soFar = (moment - began) / 1000;
      const left = known ?? (fraction > 0 && soFar >= 1 ? (soFar * (1 - fraction)) / fraction : undefined);
      const rest = left === undefined ? '' : `  ${shortTime(left)} left`;
      const line = `${`${Math.floor(fraction * 100)}`.padStart(3)} %  ${label}${rest}`;
      if (!shown) {
        stream.write(`${line.trimStart()}\n`);
        return;
      }
      const whole = `  ${bar(fraction)} ${line}`;
      stream.write(`\r\u001b[2K${whole.slice(0, Math.max(20, (stream.columns || 80) - 1))}`);
    },
    clear() {
      if (shown) stream.write('\r\u001b[2K');
    },
  };
}

function bar(fraction: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, fraction)) * CELLS * 8);
  return `${'█'.repeat(eighths >> 3)}${EIGHTHS[eighths & 7]}`.padEnd(CELLS, '·');
}
