/** What a piece of work took of this process. */
export interface Cost {
  readonly seconds: number;
  /** How much more memory the process held at its most, in MiB. */
  readonly mebibytes: number;
}

const peak = (): number => process.resourceUsage().maxRSS / 1024;
const held = (): number => process.memoryUsage.rss() / 2 ** 20;

/** @returns a function that tells what was taken since */
export function startMeasuring(): () => Cost {
  const [started, peakBefore, heldBefore] = [performance.now(), peak(), held()];
  return () => {
    // The system tells the peak since the process began: one that stayed lower is not told, and what is held now stands for it.
    const most = peak() > peakBefore ? peak() : held();
    return {
      seconds: (performance.now() - started) / 1000,
      mebibytes: Math.max(0, most - heldBefore),
    };
  };
}
