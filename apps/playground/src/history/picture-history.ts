import { get, type Readable, writable } from 'svelte/store';
import type { Settings } from '../settings/settings.js';
import type { HistoryStorage } from './history-storage.js';

/** A finished picture. */
export interface HistoryEntry {
  readonly id: string;
  /** When it was finished, in milliseconds since 1970. */
  readonly finishedAt: number;
  /** The model's name in its manifest. */
  readonly model: string;
  /** What it shows, in words. */
  readonly title: string;
  readonly settings: Settings;
  /** The time it took, without previews. */
  readonly milliseconds: number;
  readonly headEvaluations: number;
  readonly file: string;
  /** The PNG file. It carries the recipe unless the policy is the user's own. */
  readonly png: Uint8Array<ArrayBuffer>;
  /** `recipe.json`; absent for a policy of the user's own. */
  readonly recipe?: string;
}

/** How many pictures are kept; the oldest make room. */
export const MOST_ENTRIES = 120;

/** The pictures that were made here, newest first. They outlive a reload where the browser stores them. */
export class PictureHistory {
  readonly #entries = writable<readonly HistoryEntry[]>([]);
  readonly entries: Readable<readonly HistoryEntry[]> = this.#entries;
  readonly #storage: HistoryStorage;
  /** Resolves when the stored entries are there. */
  readonly loaded: Promise<void>;

  constructor(storage: HistoryStorage) {
    this.#storage = storage;
    this.loaded = this.#load();
  }

  async add(entry: HistoryEntry): Promise<void> {
    const all = [entry, ...get(this.#entries)];
    this.#entries.set(all.slice(0, MOST_ENTRIES));
    await this.#try(async () => {
      await this.#storage.save(entry);
      await this.#storage.remove(all.slice(MOST_ENTRIES).map(({ id }) => id));
    });
  }

  async remove(id: string): Promise<void> {
    this.#entries.set(get(this.#entries).filter((entry) => entry.id !== id));
    await this.#try(() => this.#storage.remove([id]));
  }

  async clear(): Promise<void> {
    const ids = get(this.#entries).map(({ id }) => id);
    this.#entries.set([]);
    await this.#try(() => this.#storage.remove(ids));
  }

  async #load(): Promise<void> {
    await this.#try(async () => {
      const stored = await this.#storage.load();
      const now = get(this.#entries);
      const known = new Set(now.map(({ id }) => id));
      const all = [...now, ...stored.filter(({ id }) => !known.has(id))];
      this.#entries.set(all.sort((a, b) => b.finishedAt - a.finishedAt).slice(0, MOST_ENTRIES));
    });
  }

  /** A browser may block its storage. The history then lasts while the page is open. */
  async #try(access: () => Promise<void>): Promise<void> {
    try {
      await access();
    } catch (error) {
      console.warn('The history could not be stored:', error);
    }
  }
}
