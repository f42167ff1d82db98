import { createStore, del, entries, set } from 'idb-keyval';
import type { HistoryEntry } from './picture-history.js';
import { entryOfStored, type StoredEntry } from './stored-entry.js';

/** Where the history lies from visit to visit. */
export interface HistoryStorage {
  /** All entries, in any order. */
  load(): Promise<readonly HistoryEntry[]>;
  save(entry: HistoryEntry): Promise<void>;
  remove(ids: readonly string[]): Promise<void>;
}

/** The browser's IndexedDB. Each call rejects where the browser blocks it or the disk is full. */
export function indexedDbHistory(): HistoryStorage {
  const store = createStore('tessera-history', 'pictures');
  return {
    load: async () => (await entries<string, StoredEntry>(store)).map(([, entry]) => entryOfStored(entry)),
    save: (entry) => set(entry.id, entry, store),
    remove: async (ids) => {
      for (const id of ids) await del(id, store);
    },
  };
}
