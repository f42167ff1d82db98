import type { Baseline, Estimate } from '@tessera/evaluate';

/** How many decimals estimates of one column need: two digits of the middling interval's half. At most 5. */
export function decimalsOf(estimates: readonly Estimate[]): number {
  const halves = estimates
    .map(({ low, high }) => (high - low) / 2)
    .filter((half) => half > 0)
    .sort((a, b) => a - b);
  const half = halves[Math.floor(halves.length / 2)];
  return half === undefined ? 2 : Math.min(5, Math.max(0, 1 - Math.floor(Math.log10(half))));
}

/** A number with a real minus sign, e.g. `−0.31`; never `−0.00`. */
export function plain(value: number, decimals: number): string {
  const text = Math.abs(value).toFixed(decimals);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** The same with its sign in either case, e.g. `+0.31`; zero has none. */
export function signed(value: number, decimals: number): string {
  const text = plain(value, decimals);
  return Number(text) > 0 ? `+${text}` : text;
}

/** `12.3 [11.9, 12.8]`. */
export function withInterval(
  { value, low, high }: Estimate,
  decimals: number,
  number: (value: number, decimals: number) => string = plain,
): string {
  return `${number(value, decimals)} [${number(low, decimals)}, ${number(high, decimals)}]`;
}

/** `11.4 ± 0.7`: mean and spread of a floor. */
export function withDeviation({ mean, spread }: Baseline): string {
  const decimals = decimalsOf([{ value: mean, low: mean - spread, high: mean + spread }]);
  return `${plain(mean, decimals)} ± ${plain(spread, decimals)}`;
}

/** `97.3 %`, or a dash where unknown. */
export function percent(share: number | null, decimals = 1): string {
  return share === null ? '–' : `${(share * 100).toFixed(decimals)} %`;
}

/** Seconds with three digits or so: `0.084`, `1.42`, `67.1`. */
export function secondsText(seconds: number): string {
  return seconds.toFixed(seconds < 0.1 ? 3 : seconds < 10 ? 2 : 1);
}

/** `2.71×`, `16.4×`. */
export function timesText(ratio: number): string {
  return `${ratio.toFixed(ratio < 10 ? 2 : 1)}×`;
}

/** `9 s`, `3 min 5 s`, `2 h 10 min`. */
export function shortTime(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
