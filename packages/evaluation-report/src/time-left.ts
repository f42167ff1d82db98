/** How long an evaluation still draws, from the pace of each variant so far. */
export interface TimeLeft {
  /** @param seconds an image, of a variant's last batch; none where it is only known how many there are */
  update(arm: string, done: number, seconds?: number): void;
  /** Of all pictures; 0 … 1. */
  fraction(): number;
  /** Seconds, once a batch has been drawn. */
  seconds(): number | undefined;
}

/**
 * @param done pictures that each variant has at the start
 * @param total pictures that each variant is to have
 * @param steps of each variant's pictures: a variant that has not drawn yet is taken to have the others' pace a step.
 *   @default as many for all
 */
export function timeLeft(
  done: ReadonlyMap<string, number>,
  total: number,
  steps: ReadonlyMap<string, number> = new Map(),
): TimeLeft {
  const stepsFor = (arm: string): number => steps.get(arm) ?? 1;
  const counts = new Map(done);
  const paces = new Map<string, number>();
  return {
    update(arm, count, seconds) {
      counts.set(arm, count);
      if (seconds === undefined) return;
      const before = paces.get(arm);
      // The last few batches count: what else the machine does changes over hours.
      paces.set(arm, before === undefined ? seconds : before + (seconds - before) / 4);
    },
    fraction: () => [...counts.values()].reduce((sum, count) => sum + count, 0) / (counts.size * total),
    seconds() {
      if (paces.size === 0) return undefined;
      const middling = [...paces].reduce((sum, [arm, pace]) => sum + pace / stepsFor(arm), 0) / paces.size;
      return [...counts].reduce(
        (sum, [arm, count]) =>
          sum + Math.max(0, total - count) * (paces.get(arm) ?? middling * stepsFor(arm)),
        0,
      );
    },
  };
}
