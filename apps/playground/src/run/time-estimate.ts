import type { ChoiceStore } from '../choice-store.js';

/** What one step asks of the model. */
export interface StepWork {
  /** Transformer passes: 2 where the step is guided, else 1. */
  readonly passes: number;
  /** Evaluations of the diffusion head. */
  readonly headEvaluations: number;
}

/** Sums of a least-squares fit of milliseconds ≈ a·passes + b·evaluations. */
interface Sums {
  readonly pp: number;
  readonly ph: number;
  readonly hh: number;
  readonly pt: number;
  readonly ht: number;
}

const EMPTY: Sums = { pp: 0, ph: 0, hh: 0, pt: 0, ht: 0 };
/** Weight of what was measured before, at each new picture: a tab in the background must not spoil it for long. */
const MEMORY = 0.7;

/**
 * Estimates how long a picture takes from the pictures that were made before on the same device: a least-squares fit of
 * time against transformer passes and head evaluations.
 */
export class TimeEstimate {
  readonly #store: ChoiceStore;

  /** @param store keeps the fit from visit to visit */
  constructor(store: ChoiceStore) {
    this.#store = store;
  }

  /**
   * Learns from a finished picture.
   *
   * @param device names the model and what it runs on
   * @param steps work and time in milliseconds of each step
   */
  learn(device: string, steps: readonly (StepWork & { readonly milliseconds: number })[]): void {
    const sums = this.#sums(device);
    const next = { ...EMPTY };
    for (const key of Object.keys(EMPTY) as (keyof Sums)[]) next[key] = MEMORY * sums[key];
    for (const { passes: p, headEvaluations: h, milliseconds: t } of steps) {
      next.pp += p * p;
      next.ph += p * h;
      next.hh += h * h;
      next.pt += p * t;
      next.ht += h * t;
    }
    this.#store.setItem(keyOf(device), JSON.stringify(next));
  }

  /** Milliseconds of a picture with this work; undefined before anything was learnt on the device. */
  of(device: string, { passes, headEvaluations }: StepWork): number | undefined {
    const { pp, ph, hh, pt, ht } = this.#sums(device);
    if (pp === 0 || hh === 0) return undefined;
    const determinant = pp * hh - ph * ph;
    let a = (pt * hh - ht * ph) / determinant;
    let b = (ht * pp - pt * ph) / determinant;
    // Neither costs less than nothing: then the other is fitted alone.
    if (!(a > 0)) [a, b] = [0, ht / hh];
    else if (!(b > 0)) [a, b] = [pt / pp, 0];
    return a * passes + b * headEvaluations;
  }

  #sums(device: string): Sums {
    try {
      return { ...EMPTY, ...(JSON.parse(this.#store.getItem(keyOf(device)) ?? '{}') as Partial<Sums>) };
    } catch {
      return EMPTY;
    }
  }
}

const keyOf = (device: string) => `tessera-speed ${device}`;
