/** A round: how many candidates it begins with, and pictures of each by its end. */
export interface HalvingRound {
  readonly candidates: number;
  readonly n: number;
}

/**
 * Successive halving (Jamieson and Talwalkar, arXiv 1502.07943): each round shows twice as many pictures of half as many
 * candidates, so that each costs the same.
 *
 * @param candidates to begin with
 * @param first pictures of each in the first round
 * @param finalists how many are left for a confirmation, at most. @default 3
 */
export function halvingRounds(candidates: number, first: number, finalists = 3): HalvingRound[] {
  const rounds: HalvingRound[] = [];
  let n = first;
  for (let left = candidates; ; left = Math.ceil(left / 2)) {
    rounds.push({ candidates: left, n });
    if (left <= finalists) return rounds;
    n *= 2;
  }
}
