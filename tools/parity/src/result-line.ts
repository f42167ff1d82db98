import { holds, worst } from './compare.js';
import type { CaseResult } from './run-parity.js';

/** One line: the outcome, the case, its largest error and the tolerance that it is held against. */
export function resultLine(result: CaseResult): string {
  const { directory, kind, name, passed, checks, problem } = result;
  const label = [directory || '.', kind, name].join(' ');
  const start = `${passed ? 'pass' : 'FAIL'}  ${label.padEnd(38)}`;
  if (problem !== undefined) return `${start}  ${problem}`;
  const { what, error, tolerance } = worst(checks);
  const failed = checks.filter((check) => !holds(check)).length;
  const count = failed > 0 ? `${failed} of ${checks.length} checks failed` : `${checks.length} checks`;
  const numbers = `error ${digits(error).padEnd(8)} tolerance ${digits(tolerance).padEnd(6)}`;
  return `${start}  ${numbers}  ${what} (${count})`;
}

/** What the slowest case and the one that took the most memory needed. */
export function costLine(results: readonly CaseResult[]): string {
  const most = (of: keyof CaseResult['cost']) =>
    results.reduce((one, other) => (other.cost[of] > one.cost[of] ? other : one));
  const [slowest, largest] = [most('seconds'), most('mebibytes')];
  return (
    `slowest: ${slowest.name}, ${slowest.cost.seconds.toFixed(2)} s; ` +
    `most memory: ${largest.name}, ${largest.cost.mebibytes.toFixed(0)} MiB`
  );
}

function digits(value: number): string {
  return Number.isInteger(value) && value < 1000 ? String(value) : value.toExponential(1);
}
