import {
  buildSampling,
  buildSettings,
  EMBEDDED,
  EMBEDDED_TEXT,
  type Manifest,
  parseSpec,
  QUICK_CORRECTION,
  type Recipe,
  recipeOf,
  resolveSampling,
  resolveSettings,
  type Sampling,
  type SamplingConfig,
  type SamplingOverrides,
  type SamplingSettings,
  type SettingsConfig,
} from '@tessera/format';
import { type NamedPolicyChoice, policySpec } from '../policies/policy-spec.js';
import { pictureOf } from '../settings/condition.js';
import type { Settings } from '../settings/settings.js';

const LOCATIONS = { class: EMBEDDED, text: EMBEDDED_TEXT };

/** The recipe of one picture; undefined for a policy of one's own: a recipe holds no code. */
export function recipeOfPicture(parts: {
  readonly manifest: Manifest;
  readonly sha256: string;
  readonly settings: Settings;
  readonly made: Recipe['made'];
}): Recipe | undefined {
  const { manifest, sha256, settings, made } = parts;
  const { policy } = settings;
  if (policy.kind !== 'named') return undefined;
  return recipeOf({
    model: { name: manifest.name, location: LOCATIONS[manifest.condition.kind], sha256 },
    seed: settings.seed,
    sampling: samplingConfig({ ...settings, policy }, manifest),
    made,
    pictures: [pictureOf(settings.condition, manifest)],
  });
}

/** What core's `generate` needs beside the model and the image, for a policy that has a name. */
export function generationOf(settings: Settings, manifest: Manifest): Sampling {
  const { policy } = settings;
  if (policy.kind !== 'named') throw new TypeError('A policy of one’s own runs in its sandbox.');
  return buildSampling(samplingConfig({ ...settings, policy }, manifest));
}

/** The same but for the policy. */
export function settingsOfGeneration(
  settings: Omit<Settings, 'policy'>,
  manifest: Manifest,
): SamplingSettings {
  return buildSettings(settingsConfig(settings, manifest));
}

/** The sampling of settings whose policy has a name. */
export function samplingConfig(
  settings: Settings & { readonly policy: NamedPolicyChoice },
  { sampling }: Pick<Manifest, 'sampling'>,
): SamplingConfig {
  return resolveSampling({ ...parseSpec(policySpec(settings.policy)), ...overridesOf(settings) }, sampling);
}

/** The same but for the policy. */
export function settingsConfig(
  settings: Omit<Settings, 'policy'>,
  { sampling }: Pick<Manifest, 'sampling'>,
): SettingsConfig {
  return resolveSettings(overridesOf(settings), sampling);
}

function overridesOf({
  guidance,
  temperature,
  sampler,
  redrawn,
  rounds,
}: Omit<Settings, 'policy'>): SamplingOverrides {
  const details = sampler === 'dpm' ? QUICK_CORRECTION : {};
  return {
    guidance: { scale: guidance },
    temperature,
    ...(sampler === 'ancestral' ? {} : { sampler: { name: sampler } }),
    ...(redrawn > 0 ? { corrector: { method: 'least-likely', share: redrawn, rounds, ...details } } : {}),
  };
}
