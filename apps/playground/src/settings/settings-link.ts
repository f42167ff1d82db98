import { CLASS_NAMES } from '../class-names.js';
import { DEFAULT_POLICY, isPolicyName, type PolicyName } from '../policies/shown-policies.js';
import { DEFAULT_SETTINGS, GUIDANCE, LARGEST_SEED, type Settings, TEMPERATURE, within } from './settings.js';
import { compressText, decompressText } from './text-compression.js';

export const VIEWS = ['generate', 'compare', 'edit', 'policy', 'code'] as const;
export type View = (typeof VIEWS)[number];

/** What a link says. */
export interface Linked {
  readonly view: View;
  readonly settings: Settings;
  /** The policies of the comparison. */
  readonly compared: readonly PolicyName[];
}

export const DEFAULT_COMPARED: readonly PolicyName[] = ['mar', 'gtr-32', 'gtr-16'];
export const MOST_COMPARED = 6;

/** The part of an address from `#` on that brings `linked` back. */
export async function toHash({ view, settings, compared }: Linked): Promise<string> {
  const parameters = new URLSearchParams();
  parameters.set('class', `${settings.classLabel}`);
  parameters.set('seed', `${settings.seed}`);
  parameters.set('guidance', `${settings.guidance}`);
  parameters.set('temperature', `${settings.temperature}`);
  if (settings.policy.kind === 'named') parameters.set('policy', settings.policy.name);
  else parameters.set('own', await compressText(settings.policy.source));
  parameters.set('compare', compared.join('.'));
  return `#${view}?${parameters}`;
}

/** Whatever a hash says that can be understood; defaults for all else. Never throws: a link may be cut short. */
export async function fromHash(hash: string): Promise<Linked> {
  const [name = '', query = ''] = hash.replace(/^#/, '').split('?', 2);
  const parameters = new URLSearchParams(query);
  const number = (key: string, fallback: number): number => {
    const text = parameters.get(key);
    const value = text === null || text.trim() === '' ? Number.NaN : Number(text);
    return Number.isFinite(value) ? value : fallback;
  };
  const integer = (key: string, fallback: number, max: number): number =>
    within(Math.trunc(number(key, fallback)), { min: 0, max });
  return {
    view: VIEWS.find((view) => view === name) ?? 'generate',
    settings: {
      classLabel: integer('class', DEFAULT_SETTINGS.classLabel, CLASS_NAMES.length - 1),
      seed: integer('seed', DEFAULT_SETTINGS.seed, LARGEST_SEED),
      policy: await policyOf(parameters),
      guidance: within(number('guidance', DEFAULT_SETTINGS.guidance), GUIDANCE),
      temperature: within(number('temperature', DEFAULT_SETTINGS.temperature), TEMPERATURE),
    },
    compared: comparedOf(parameters.get('compare')),
  };
}

async function policyOf(parameters: URLSearchParams): Promise<Settings['policy']> {
  const own = parameters.get('own');
  const source = own === null ? undefined : await decompressText(own);
  if (source !== undefined) return { kind: 'own', source };
  const name = parameters.get('policy') ?? '';
  return { kind: 'named', name: isPolicyName(name) ? name : DEFAULT_POLICY };
}

function comparedOf(text: string | null): readonly PolicyName[] {
  const names = [...new Set((text ?? '').split('.'))].filter(isPolicyName).slice(0, MOST_COMPARED);
  return names.length >= 2 ? names : DEFAULT_COMPARED;
}
