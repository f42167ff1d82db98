import { InvalidOptionError } from '@tessera/core';
import type { Manifest } from './manifest.js';
import { type Parameter, type Part, TEXT_ROWS } from './parameters.js';
import { parseSpec, type SpecFlags } from './parse-spec.js';
import {
  type ChoicePart,
  type CorrectorConfig,
  DISCRIMINATORS,
  defaultOf,
  PLAIN_PARAMETERS,
  type PolicyConfig,
  parametersOf,
  partOf,
  type ReuseConfig,
  type SamplingConfig,
  type SamplingOverrides,
} from './sampling-config.js';

/** What a model's manifest says of sampling. */
export type ModelDefaults = Manifest['sampling'];

/** The spec of models that advise none: GtR as published. */
const DEFAULT_ADVICE = 'gtr-32';

/** The spec that a model advises. */
export function adviceOf({ advice = DEFAULT_ADVICE }: ModelDefaults): string {
  return advice;
}

/** All of a sampling but the policy. */
export type SettingsConfig = Omit<SamplingConfig, 'policy'>;

/**
 * A sampling with nothing left open: what `overrides` says, else what `fallback` says, else the model's.
 *
 * @throws InvalidOptionError where a choice does not have what is asked of it, e.g. an interval of a guidance schedule that has
 *   none
 */
export function resolveSampling(
  overrides: SamplingOverrides & { readonly policy: PolicyConfig },
  modelDefaults: ModelDefaults,
  fallback: SamplingOverrides = {},
): SamplingConfig {
  return { policy: overrides.policy, ...resolveSettings(overrides, modelDefaults, fallback) };
}

/** The same for a policy that is not plain data, such as one of the user's own. */
export function resolveSettings(
  overrides: SamplingOverrides,
  modelDefaults: ModelDefaults,
  fallback: SamplingOverrides = {},
): SettingsConfig {
  const { guidance, temperature, clamp = null, sampler = 'ancestral' } = modelDefaults;
  const layers = [overrides, fallback];
  const presets = layers.flatMap(({ preset }) => (preset ? [presetFor(sampler, preset)] : []));
  const settings = {
    guidance: resolvePart('guidance', layers, [{ guidance }]),
    sampler: resolvePart('sampler', layers, [...presets, { sampler: { name: sampler } }]),
    temperature: overrides.temperature ?? fallback.temperature ?? temperature,
    clamp: [overrides.clamp, fallback.clamp, clamp].find((each) => each !== undefined),
  } as SettingsConfig;
  assertInterval(settings.guidance);
  const reuse = resolvePart('reuse', layers, [...presets, { reuse: { method: 'off' } }]) as ReuseConfig;
  const off = { corrector: { method: 'off' } } as const;
  const corrector = resolvePart('corrector', layers, [...presets, off]) as CorrectorConfig;
  return {
    ...settings,
    ...(reuse.method === 'off' ? {} : { reuse }),
    ...(corrector.method === 'off' ? {} : { corrector }),
  };
}

/** A preset without its sampler where the model's head takes others, such as one that predicts the velocity. */
function presetFor(sampler: string, { sampler: own, ...preset }: Required<SamplingOverrides>['preset']) {
  return sampler === 'ancestral' && own ? { ...preset, sampler: own } : preset;
}

/**
 * The sampling that a model advises, with what `overrides` changes of it.
 *
 * @param flags of the policy, as `parseSpec` takes them
 */
export function adviseSampling(
  modelDefaults: ModelDefaults,
  overrides: Omit<SamplingOverrides, 'policy'> = {},
  flags: SpecFlags = {},
): SamplingConfig {
  const { guidance, ...advice } = parseSpec(adviceOf(modelDefaults), flags);
  // Guidance that the model advises to leave off has no schedule that a scale could go by.
  const advised = overrides.guidance && guidance?.scale === 1 ? advice : { ...advice, guidance };
  return resolveSampling(
    { ...overrides, policy: advice.policy },
    modelDefaults,
    advised as SamplingOverrides,
  );
}

/**
 * @param layers what is asked for, the first goes before the others
 * @param usual what holds otherwise; what the choice doesn't have is passed over
 */
function resolvePart(
  part: ChoicePart,
  layers: readonly SamplingOverrides[],
  usual: readonly SamplingOverrides[],
): Part {
  const key = DISCRIMINATORS[part];
  const all = [...layers, ...usual].map((layer) => partOf(layer, part));
  // The choice that a layer sees: its own, or that of those below it.
  const choices = all.map((_, i) => all.slice(i).find((each) => each[key] !== undefined)?.[key] as string);
  const [choice = ''] = choices;
  for (const row of PLAIN_PARAMETERS.filter((each) => each.part === part)) {
    const fits = (name: string): boolean => !row.of || row.of.includes(name);
    for (const i of layers.keys()) {
      if (all[i]![row.key] !== undefined && !fits(choice) && !fits(choices[i]!)) {
        throw notOf(row, all[i]!, choices[i]!);
      }
    }
  }
  const values = parametersOf(part, choice).flatMap((row): [string, unknown][] => {
    // Where a layer names another choice, its options are that one's.
    const isMeant = (each: Part): boolean => !row.of || each[key] === undefined || each[key] === choice;
    const layer = all.find((each) => each[row.key] !== undefined && isMeant(each));
    if (!layer && row.omitted) return [];
    return [[row.key, layer ? layer[row.key] : defaultOf(row, choice)]];
  });
  return { [key]: choice, ...Object.fromEntries(values) };
}

function notOf(
  { part, flag, of = [], writtenBy = flag }: Parameter,
  values: Part,
  choice: string,
): InvalidOptionError {
  const row = TEXT_ROWS.find((each) => each.flag === writtenBy)!;
  const word = part === 'guidance' ? 'guidance schedule' : part;
  return new InvalidOptionError(
    row.flag,
    row.print(values),
    `is of the ${word} ${of.join(' and ')}, and the ${word} is ${choice}. Choose ${of[0]}, or leave it out`,
  );
}

function assertInterval(guidance: SamplingConfig['guidance']): void {
  if (guidance.schedule !== 'interval') return;
  const { above, upTo } = guidance;
  if (above >= 0 && above < upTo && upTo <= 1) return;
  throw new InvalidOptionError(
    'guidance interval',
    `${above}-${upTo}`,
    'must be two fractions from 0 to 1, the smaller first',
  );
}
