import { ancestralSampler, type ClassInput, type GenerateOptions } from '@tessera/core';
import { guidanceFrom, type Manifest } from '@tessera/onnx';
import { type NamedPolicy, namedPolicy } from '../policies/named-policies.js';
import { type PolicyDescription, policyFrom } from '../policies/policy-description.js';
import type { Settings } from '../settings/settings.js';

/** What `tessera generate --recipe` reads on the command line. */
export interface Recipe {
  readonly format: 'tessera-recipe';
  readonly version: 1;
  readonly model: { readonly name: string; readonly location: string; readonly sha256: string };
  readonly seed: number;
  readonly sampling: {
    readonly policy: PolicyDescription;
    readonly guidance: Manifest['sampling']['guidance'];
    readonly temperature: number;
    readonly clamp: number | readonly number[] | null;
    readonly sampler: { readonly name: 'ancestral'; readonly maxTimestep: number };
  };
  readonly made: {
    readonly device: string;
    readonly dtype: string;
    readonly versions: Readonly<Record<string, string>>;
  };
  readonly images: readonly {
    readonly index: number;
    readonly classLabel: number;
    readonly className: string;
    readonly file: string;
  }[];
}

/** The recipe of one picture. A policy of one's own has none: a recipe holds no code. */
export function recipeOf(parts: {
  readonly manifest: Manifest;
  readonly sha256: string;
  readonly settings: Settings;
  readonly policy: NamedPolicy;
  readonly made: Recipe['made'];
}): Recipe {
  const { manifest, sha256, settings, policy, made } = parts;
  const { classLabel } = settings;
  const className = classNameOf(manifest, classLabel);
  return {
    format: 'tessera-recipe',
    version: 1,
    model: { name: manifest.name, location: 'embedded', sha256 },
    seed: settings.seed,
    sampling: {
      policy: policy.description,
      guidance: { ...manifest.sampling.guidance, scale: settings.guidance },
      temperature: settings.temperature,
      clamp: manifest.sampling.clamp ?? null,
      sampler: { name: 'ancestral', maxTimestep: policy.maxTimestep ?? 999 },
    },
    made,
    images: [{ index: classLabel, classLabel, className, file: fileNameOf(manifest, classLabel) }],
  };
}

type Sampling = Required<Pick<GenerateOptions<ClassInput>, 'guidance' | 'temperature'>> &
  Pick<GenerateOptions<ClassInput>, 'sampler'>;

/** Guidance, temperature and sampler as core's `generate` takes them. */
export function samplingOf(
  settings: Omit<Settings, 'policy'>,
  manifest: Manifest,
  maxTimestep = 999,
): Sampling {
  return {
    guidance: guidanceFrom({ ...manifest.sampling.guidance, scale: settings.guidance }),
    temperature: settings.temperature,
    sampler: ancestralSampler({ maxTimestep }),
  };
}

/** A named policy and everything else that core's `generate` needs beside the model and the image. */
export function generationOf(settings: Settings, manifest: Manifest) {
  if (settings.policy.kind !== 'named') throw new TypeError('A policy of one’s own runs in its sandbox.');
  const { description, maxTimestep } = namedPolicy(settings.policy.name) as NamedPolicy;
  return { policy: policyFrom(description), ...samplingOf(settings, manifest, maxTimestep) };
}

export function classNameOf({ condition }: Pick<Manifest, 'condition'>, label: number): string {
  return condition.names?.[label] ?? `class ${label}`;
}

/** As the command line names it: `00006-cat.png`. */
export function fileNameOf(manifest: Pick<Manifest, 'condition'>, classLabel: number): string {
  const slug = classNameOf(manifest, classLabel)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return `${`${classLabel}`.padStart(5, '0')}-${slug || 'class'}.png`;
}
