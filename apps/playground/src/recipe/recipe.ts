import type { Manifest } from '@tessera/format';
import {
  EMBEDDED,
  pictureAt,
  type Recipe,
  recipeOf,
  type Sampling,
  type SamplingSettings,
  samplingFrom,
  samplingOf,
  settingsFrom,
  settingsOf,
} from '@tessera/format';
import { namedPolicy } from '../policies/shown-policies.js';
import type { Settings } from '../settings/settings.js';

/** The recipe of one picture; undefined for a policy of one's own: a recipe holds no code. */
export function recipeOfPicture(parts: {
  readonly manifest: Manifest;
  readonly sha256: string;
  readonly settings: Settings;
  readonly made: Recipe['made'];
}): Recipe | undefined {
  const { manifest, sha256, settings, made } = parts;
  const sampling = samplingDescription(settings, manifest);
  if (!sampling) return undefined;
  return recipeOf({
    model: { name: manifest.name, location: EMBEDDED, sha256 },
    seed: settings.seed,
    sampling,
    made,
    pictures: [pictureAt(manifest.condition, settings.classLabel)],
  });
}

/** What core's `generate` needs beside the model and the image, for a policy that has a name. */
export function generationOf(settings: Settings, manifest: Manifest): Sampling {
  const sampling = samplingDescription(settings, manifest);
  if (!sampling) throw new TypeError('A policy of one’s own runs in its sandbox.');
  return samplingFrom(sampling);
}

/** The same but for the policy. */
export function settingsOfGeneration(
  settings: Omit<Settings, 'policy'>,
  manifest: Manifest,
): Omit<Sampling, 'policy'> {
  return settingsFrom(settingsOf(said(settings), manifest.sampling));
}

function samplingDescription(settings: Settings, manifest: Manifest) {
  if (settings.policy.kind !== 'named') return undefined;
  const { description, maxTimestep } = namedPolicy(settings.policy.name);
  const limit = maxTimestep === undefined ? {} : { policyMaxTimestep: maxTimestep };
  return samplingOf({ policy: description, ...said(settings), ...limit }, manifest.sampling);
}

function said({ guidance, temperature }: Omit<Settings, 'policy'>): SamplingSettings {
  return { guidance: { scale: guidance }, temperature };
}
