/** Keeps a choice from visit to visit, as localStorage does. */
export interface ChoiceStore {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/**
 * A browser's storage, or memory beside it: where a browser blocks storage, even to ask for it throws, and a full one
 * throws when it is written to.
 */
export function choiceStore(storage: () => ChoiceStore): ChoiceStore {
  const memory = new Map<string, string>();
  return {
    getItem(key) {
      const kept = memory.get(key);
      if (kept !== undefined) return kept;
      try {
        return storage().getItem(key);
      } catch {
        return null;
      }
    },
    setItem(key, value) {
      try {
        storage().setItem(key, value);
        memory.delete(key);
      } catch {
        memory.set(key, value);
      }
    },
  };
}

/** What stays from visit to visit. */
export const visitStore = choiceStore(() => localStorage);
/** What stays while the tab is open. */
export const tabStore = choiceStore(() => sessionStorage);
