import { type Readable, writable } from 'svelte/store';
import type { ChoiceStore } from '../choice-store.js';
import type { PolicyChoice } from '../settings/settings.js';
import { EXAMPLES } from './examples.js';

export interface DraftState {
  readonly source: string;
  /** The code that the settings hold, which an address brought or the user chose: the draft goes on from there. */
  readonly from?: string;
  /** Whether `from` came with an address and has not been run since: nothing runs it before the user does. */
  readonly foreign: boolean;
}

const KEY = 'tessera-policy';

/** The policy that the user writes: the one source of the editor, kept while the tab is open. */
export class Draft {
  readonly state: Readable<DraftState>;
  readonly #store: ChoiceStore;
  readonly #set: (state: DraftState) => void;
  #now: DraftState;

  /** @param linked what the address says */
  constructor(store: ChoiceStore, linked: PolicyChoice) {
    this.#store = store;
    this.#now = parse(store.getItem(KEY)) ?? { source: EXAMPLES[0]!.source, foreign: false };
    const state = writable(this.#now);
    this.state = state;
    this.#set = state.set;
    this.follow(linked);
  }

  get now(): DraftState {
    return this.#now;
  }

  write(source: string): void {
    if (source !== this.#now.source) this.#change({ source });
  }

  /** Takes over the code that came with an address, unless it is what the draft goes on from. */
  follow(linked: PolicyChoice): void {
    if (linked.kind === 'named') return;
    const { source, from } = this.#now;
    if (linked.source === from) return;
    this.#change(linked.source === source ? { from: source } : linkedDraft(linked.source));
  }

  /** The user wants this code to run. */
  approve(source: string): void {
    if (source === this.#now.from) this.#change({ foreign: false });
  }

  /** The settings take over this code of the user's. */
  adopt(source: string): void {
    this.#change({ from: source, foreign: false });
  }

  #change(change: Partial<DraftState>): void {
    this.#now = { ...this.#now, ...change };
    this.#store.setItem(KEY, JSON.stringify(this.#now));
    this.#set(this.#now);
  }
}

const linkedDraft = (source: string): DraftState => ({ source, foreign: true, from: source });

function parse(kept: string | null): DraftState | undefined {
  try {
    const { source, foreign, from } = JSON.parse(kept ?? '') as Record<string, unknown>;
    if (typeof source !== 'string') return undefined;
    return { source, foreign: foreign === true, ...(typeof from === 'string' ? { from } : {}) };
  } catch {
    return undefined;
  }
}
