/** One comparison of a case. It holds where `error` ≤ `tolerance`. */
export interface Check {
  /** What was compared: a tensor's name, or a number's. */
  readonly what: string;
  /** The largest deviation; infinite where a value is not a number or the counts differ. */
  readonly error: number;
  readonly tolerance: number;
}

export function holds({ error, tolerance }: Check): boolean {
  return error <= tolerance;
}

/**
 * The check that comes nearest to its tolerance or exceeds it the most; what a case's line shows.
 *
 * @param checks one at least
 */
export function worst(checks: readonly Check[]): Check {
  return checks.reduce((left, right) => (strain(right) > strain(left) ? right : left));
}

function strain({ error, tolerance }: Check): number {
  // A tolerance of 0 asks for equality.
  return error === 0 ? 0 : error / tolerance;
}

/** max |actual − expected|. */
export function compare(
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): Check {
  return check(what, actual, expected, tolerance, () => 1);
}

/** max |actual − expected| / max(|expected|, floor): for numbers of many orders of magnitude. */
export function compareRelative(
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  floor: number,
): Check {
  return check(what, actual, expected, tolerance, (value) => Math.max(Math.abs(value), floor));
}

function check(
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  scale: (expected: number) => number,
): Check {
  if (actual.length !== expected.length) {
    const counts = `${expected.length} values recorded, ${actual.length} computed`;
    return { what: `${what} (${counts})`, error: Number.POSITIVE_INFINITY, tolerance };
  }
  let error = 0;
  for (let i = 0; i < expected.length; i++) {
    const deviation = Math.abs(actual[i]! - expected[i]!) / scale(expected[i]!);
    // A NaN must not pass as "not larger".
    if (!(deviation <= error)) error = Number.isNaN(deviation) ? Number.POSITIVE_INFINITY : deviation;
  }
  return { what, error, tolerance };
}
