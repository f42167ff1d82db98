import type { TextFeatures } from '@tessera/core/model';

/** A prompt, or its features. */
export type Text = string | TextFeatures;

/** How many prompts are kept, besides those of the batch at hand. */
const KEPT = 16;

/** What was computed of prompts, the last used ones. Features are known by their numbers: the same may come again as a copy. */
export class PromptStore<Value> {
  readonly #entries = new Map<Text, Value>();

  /** The value of a text: the one that is there, else what `make` gives, which is kept. */
  async get(text: Text, make: () => Promise<Value>): Promise<Value> {
    const known = this.#find(text);
    const value = known === undefined ? await make() : this.#entries.get(known)!;
    // The last used one comes last.
    if (known !== undefined) this.#entries.delete(known);
    this.#entries.set(
      known ?? (typeof text === 'string' ? text : { features: text.features.slice() }),
      value,
    );
    return value;
  }

  has(text: Text): boolean {
    return this.#find(text) !== undefined;
  }

  /** Forgets those that were not used for longest. @param used how many the last batch had */
  trim(used: number): void {
    for (const text of this.#entries.keys()) {
      if (this.#entries.size <= Math.max(KEPT, used)) return;
      this.#entries.delete(text);
    }
  }

  #find(text: Text): Text | undefined {
    if (typeof text === 'string') return this.#entries.has(text) ? text : undefined;
    for (const known of this.#entries.keys()) {
      if (typeof known !== 'string' && isEqual(known.features, text.features)) return known;
    }
    return undefined;
  }
}

function isEqual(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
