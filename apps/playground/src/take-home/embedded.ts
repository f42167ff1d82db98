import { EMBEDDED_FACTS } from '../model-loading/model-facts.js';
import { DEFAULT_SETTINGS } from '../settings/settings.js';

/** What the code needs to know of the embedded model, which need not be loaded for it. */
export const EMBEDDED = {
  condition: EMBEDDED_FACTS.classes,
  sampling: {
    guidance: { schedule: 'linear' as const, scale: 3 },
    temperature: DEFAULT_SETTINGS.temperature,
  },
};
