/** 840 ms, 1.9 s, 2 min 5 s. */
export function duration(milliseconds: number): string {
  if (Math.round(milliseconds) < 1000) return `${Math.round(milliseconds)} ms`;
  const tenths = Math.round(milliseconds / 100);
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** 12,800. */
export function count(value: number): string {
  return value.toLocaleString('en');
}

/** 13.0 MB. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** 0.80× as fast, 12.5× as fast. */
export function timesAsFast(ratio: number): string {
  return `${ratio.toFixed(ratio < 10 ? 2 : 1)}× as fast`;
}
