import type { HistoryStorage } from '../history/history-storage.js';
import type { HistoryEntry } from '../history/picture-history.js';

/** A storage in memory that lists the identifiers it holds. */
export function memoryHistory(
  stored: readonly HistoryEntry[] = [],
): HistoryStorage & { readonly ids: () => string[] } {
  const held = new Map(stored.map((each) => [each.id, each]));
  return {
    ids: () => [...held.keys()],
    load: async () => [...held.values()],
    save: async (each) => void held.set(each.id, each),
    remove: async (ids) => {
      for (const id of ids) held.delete(id);
    },
  };
}
