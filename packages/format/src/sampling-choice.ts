import { InvalidOptionError } from '@tessera/core';
import type { Clamp } from '@tessera/core/model';
import type { GuidanceDescription } from './guidance-description.js';
import type { Manifest } from './manifest.js';
import type { PolicyDescription } from './policy-description.js';
import type { SamplerDescription, SamplingDescription, SettingsDescription } from './sampling-description.js';

/** What may be said of a sampling beside its policy. */
export interface SamplingSettings {
  readonly guidance?: {
    readonly schedule?: GuidanceDescription['schedule'];
    readonly scale?: number;
    /** Masked fractions in which the schedule `interval` guides; others take none. @default 0 to 0.5 */
    readonly above?: number;
    readonly upTo?: number;
  };
  readonly temperature?: number;
  /** Limits of x0; null for none. */
  readonly clamp?: Clamp | null;
  /** The highest timestep that the policy's diffusion steps keep, where the sampler has one. */
  readonly policyMaxTimestep?: number;
  readonly sampler?: {
    /** @default 'ancestral' */
    readonly name?: SamplerDescription['name'];
    /** Of `ancestral` and `ddim`. @default the policy's; else 999, and 950 for `ddim` */
    readonly maxTimestep?: number;
    /** Of `ddim`. @default 0 */
    readonly eta?: number;
    /** Of `dpm` and `dpm-sde`: where they start. @default −5.1 */
    readonly minLogSnr?: number;
    /** Of `dpm` and `dpm-sde`. @default 2 */
    readonly order?: 1 | 2;
  };
}

/** A policy, and what is asked for beside it. What is left open is as the model's makers advise. */
export interface SamplingChoice extends SamplingSettings {
  readonly policy: PolicyDescription;
}

/**
 * A sampling with nothing left open.
 *
 * @param advised the manifest's
 * @param otherwise what holds where `choice` says nothing, before `advised`
 * @throws InvalidOptionError where the sampler does not have what was asked of it, or an interval is given to guide in and
 * the schedule is another one
 */
export function samplingOf(
  choice: SamplingChoice,
  advised: Manifest['sampling'],
  otherwise: SamplingSettings = {},
): SamplingDescription {
  return { policy: choice.policy, ...settingsOf(choice, advised, otherwise) };
}

/** The same for a policy that is not plain data, such as one of the user's own. */
export function settingsOf(
  said: SamplingSettings,
  advised: Manifest['sampling'],
  otherwise: SamplingSettings = {},
): SettingsDescription {
  const clamp = said.clamp === undefined ? otherwise.clamp : said.clamp;
  return {
    guidance: guidanceOf(said.guidance, otherwise.guidance, advised.guidance),
    temperature: said.temperature ?? otherwise.temperature ?? advised.temperature,
    clamp: plainClamp(clamp === undefined ? advised.clamp : clamp),
    sampler: samplerOf(
      mergedSamplers(said.sampler, otherwise.sampler),
      said.policyMaxTimestep ?? otherwise.policyMaxTimestep,
    ),
  };
}

type SamplerSettings = NonNullable<SamplingSettings['sampler']>;

/** Where both name a sampler and it is not the same, settings of the other one have nothing to say. */
function mergedSamplers(said: SamplerSettings = {}, otherwise: SamplerSettings = {}): SamplerSettings {
  const differ = said.name !== undefined && otherwise.name !== undefined && said.name !== otherwise.name;
  return differ ? said : { ...otherwise, ...said };
}

type GuidanceSettings = NonNullable<SamplingSettings['guidance']>;

function guidanceOf(
  said: GuidanceSettings = {},
  otherwise: GuidanceSettings = {},
  advised: GuidanceDescription,
): GuidanceDescription {
  const { schedule = advised.schedule, scale = advised.scale, above, upTo } = { ...otherwise, ...said };
  if (schedule !== 'interval') {
    assertNoInterval(said, schedule);
    // What is said may well overrule an interval, but not one that nothing else would have guided in either.
    assertNoInterval(otherwise, otherwise.schedule ?? advised.schedule);
    return { schedule, scale };
  }
  const usual = advised.schedule === 'interval' ? advised : { above: 0, upTo: 0.5 };
  const interval = { above: above ?? usual.above, upTo: upTo ?? usual.upTo };
  if (!(interval.above >= 0 && interval.above < interval.upTo && interval.upTo <= 1)) {
    throw new InvalidOptionError(
      'guidance interval',
      `${interval.above}-${interval.upTo}`,
      'must be two fractions from 0 to 1, the smaller first',
    );
  }
  return { schedule, scale, ...interval };
}

function assertNoInterval(
  { above, upTo }: GuidanceSettings,
  schedule: GuidanceDescription['schedule'],
): void {
  if (schedule === 'interval' || (above === undefined && upTo === undefined)) return;
  throw new InvalidOptionError(
    'guidance interval',
    `${above ?? ''}-${upTo ?? ''}`,
    `is of the schedule "interval", and the schedule is "${schedule}". Ask for that schedule, or leave the interval out`,
  );
}

function plainClamp(clamp: Clamp | null | undefined): SamplingDescription['clamp'] {
  if (clamp === undefined || clamp === null || typeof clamp === 'number') return clamp ?? null;
  return [...clamp];
}

/** DDIM from the noisiest timesteps is ill-conditioned, so it starts no higher than DiSA does. */
function samplerOf(
  { name = 'ancestral', ...settings }: SamplerSettings,
  policyMaxTimestep: number | undefined,
): SamplerDescription {
  const { maxTimestep = policyMaxTimestep, eta = 0, minLogSnr = -5.1, order = 2 } = settings;
  switch (name) {
    case 'ancestral':
      assertOnly(name, settings, ['maxTimestep']);
      return { name, maxTimestep: maxTimestep ?? 999 };
    case 'ddim':
      assertOnly(name, settings, ['maxTimestep', 'eta']);
      return { name, maxTimestep: maxTimestep ?? 950, eta };
    case 'dpm':
    case 'dpm-sde':
      assertOnly(name, settings, ['minLogSnr', 'order']);
      return { name, minLogSnr, order };
  }
}

/** Settings in the words of a policy's text, and the samplers that have them, the usual one first. */
const SETTINGS = {
  maxTimestep: { word: 'max-timestep', of: ['ancestral', 'ddim'] },
  eta: { word: 'eta', of: ['ddim'] },
  minLogSnr: { word: 'min-log-snr', of: ['dpm', 'dpm-sde'] },
  order: { word: 'solver-order', of: ['dpm', 'dpm-sde'] },
} as const;

type SettingName = keyof typeof SETTINGS;

function assertOnly(
  name: string,
  settings: Readonly<Partial<Record<SettingName, number>>>,
  known: readonly SettingName[],
): void {
  const other = (Object.keys(SETTINGS) as SettingName[]).find(
    (key) => settings[key] !== undefined && !known.includes(key),
  );
  if (other === undefined) return;
  const { word, of } = SETTINGS[other];
  const words = known.map((key) => SETTINGS[key].word).join(' and ');
  throw new InvalidOptionError(
    'sampler',
    name,
    `takes ${words}, and ${word} is of ${of.join(' and ')}. Say /sampler=${of[0]}, or leave ${word} out`,
  );
}
