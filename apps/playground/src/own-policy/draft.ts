import { get, type Readable, writable } from 'svelte/store';
import type { ChoiceStore } from '../choice-store.js';
import type { PolicyChoice } from '../policies/policy-spec.js';
import { EXAMPLES } from './examples.js';

export interface DraftState {
  readonly source: string;
  /** The code that can be chosen as the user's own, from an address or run once: the draft goes on from there. */
  readonly from?: string;
  /** Whether `from` came with an address and has not been run since: nothing runs it before the user does. */
  readonly foreign: boolean;
  /** Whether the user has written in `source` since it came with an address or from an example. */
  readonly written: boolean;
  /** What the user had written when other code took its place. */
  readonly before?: string | undefined;
}

const KEY = 'tessera-policy';

/** The policy that the user writes: the one source of the editor, kept while the tab is open. */
export class Draft {
  readonly #state;
  readonly state: Readable<DraftState>;
  readonly #store: ChoiceStore;

  /** @param linked what the address says */
  constructor(store: ChoiceStore, linked: PolicyChoice) {
    this.#store = store;
    const example = { source: EXAMPLES[0]!.source, foreign: false, written: false };
    this.#state = writable<DraftState>(parse(store.getItem(KEY)) ?? example);
    this.state = this.#state;
    this.follow(linked);
  }

  get now(): DraftState {
    return get(this.#state);
  }

  write(source: string): void {
    if (source === this.now.source) return;
    // An editor can undo, too.
    const back = source === this.now.before;
    this.#change({ source, written: true, ...(back ? { before: undefined } : {}) });
  }

  /** Begins with an example. */
  begin(example: string): void {
    if (example !== this.now.source) this.#change({ ...this.#replaced(), source: example, written: false });
  }

  /** Brings back what the user had written; what is written since is kept in its place. */
  bringBack(): void {
    const { before, written, source } = this.now;
    if (before === undefined) return;
    this.#change({ source: before, written: true, before: written ? source : undefined });
  }

  /** Takes over the code that came with an address, unless it is what the draft goes on from. */
  follow(linked: PolicyChoice): void {
    if (linked.kind === 'named') return;
    const { source, from } = this.now;
    if (linked.source === from) return;
    if (linked.source === source) this.#change({ from: source });
    else this.#change({ ...this.#replaced(), ...linkedDraft(linked.source) });
  }

  /** The user wants this code to run. */
  approve(source: string): void {
    if (source === this.now.from) this.#change({ foreign: false });
  }

  /** The settings take over this code of the user's. */
  adopt(source: string): void {
    this.#change({ from: source, foreign: false });
  }

  /** What is kept of the code when other code takes its place. */
  #replaced(): Pick<DraftState, 'before'> {
    const { source, written, before } = this.now;
    return { before: written ? source : before };
  }

  #change(change: Partial<DraftState>): void {
    this.#state.update((now) => ({ ...now, ...change }));
    this.#store.setItem(KEY, JSON.stringify(this.now));
  }
}

const linkedDraft = (source: string): DraftState => ({ source, foreign: true, from: source, written: false });

function parse(kept: string | null): DraftState | undefined {
  try {
    const { source, foreign, written, from, before } = JSON.parse(kept ?? '') as Record<string, unknown>;
    if (typeof source !== 'string') return undefined;
    return {
      source,
      foreign: foreign === true,
      written: written !== false,
      ...(typeof from === 'string' ? { from } : {}),
      ...(typeof before === 'string' ? { before } : {}),
    };
  } catch {
    return undefined;
  }
}
