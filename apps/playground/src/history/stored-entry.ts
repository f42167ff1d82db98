import { ROUNDS_UNSAID, SAMPLER_UNSAID, type Settings } from '../settings/settings.js';
import type { HistoryEntry } from './picture-history.js';

/** As settings were before tokens could be drawn again, it was said how often, or a sampler could be chosen. */
type DrawnOnce<S> = Omit<S, keyof typeof UNSAID> & Partial<Pick<Settings, keyof typeof UNSAID>>;
const UNSAID = { sampler: SAMPLER_UNSAID, redrawn: 0, rounds: ROUNDS_UNSAID };

/** As entries were stored when all models took classes. */
interface ClassEntry extends Omit<HistoryEntry, 'title' | 'settings'> {
  readonly className: string;
  readonly settings: DrawnOnce<Omit<Settings, 'condition'>> & { readonly classLabel: number };
}

/** An entry as it was stored by this version of the page or an earlier one. */
export type StoredEntry =
  | (Omit<HistoryEntry, 'settings'> & { readonly settings: DrawnOnce<Settings> })
  | ClassEntry;

export function entryOfStored(stored: StoredEntry): HistoryEntry {
  if ('title' in stored) return { ...stored, settings: { ...UNSAID, ...stored.settings } };
  const { className: title, settings, ...rest } = stored;
  const { classLabel, ...others } = settings;
  return {
    ...rest,
    title,
    settings: { condition: { kind: 'class', classLabel }, ...UNSAID, ...others },
  };
}
