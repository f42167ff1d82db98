import { CLASS_NAMES } from '../class-names.js';
import { DEFAULT_SETTINGS } from '../settings/settings.js';

/** What the code needs to know of the embedded model, which need not be loaded for it. */
export const EMBEDDED = {
  condition: { kind: 'class' as const, count: CLASS_NAMES.length, names: [...CLASS_NAMES] },
  sampling: {
    guidance: { schedule: 'linear' as const, scale: DEFAULT_SETTINGS.guidance },
    temperature: DEFAULT_SETTINGS.temperature,
  },
};
