import { GTR_PRESETS, type GtrPresetOptions } from '@tessera/gtr';
import { describePolicyConfig } from './describe-sampling.js';
import type { Parameter } from './parameters.js';
import { defaultOf, type PolicyConfig, parametersOf, type SamplingOverrides } from './sampling-config.js';

/** A policy that has a name, and what it brings along. */
export type NamedPolicy = Pick<SamplingOverrides, 'preset'> & {
  readonly policy: PolicyConfig;
  /** What it does, in a line. */
  readonly summary: string;
};

const ORDERED = {
  mar: ['random', 'random order, cosine schedule: MAR, 64×100'],
  random: ['random', 'the same by the name of its order'],
  raster: ['raster', 'row by row, 64×100'],
  subsample: ['subsample', 'four coarse lattices in turn, 64×100'],
  halton: ['halton', 'low-discrepancy order: Halton-MaskGIT, 64×100'],
  diagonal: ['diagonal', 'GtR’s order at MAR’s pace, 64×100'],
  quincunx: ['quincunx', 'the same on quincunx lattices'],
  disa: ['random', 'random order, 64 steps, diffusion steps from 50 down to 5: DiSA'],
  lazymar: ['random', 'mar with caches, as published: LazyMAR; for models converted with them'],
} as const;

/** How tokens are judged and drawn again where few diffusion steps are enough. */
export const QUICK_CORRECTION = { diffusionSteps: 8, parts: 2, evaluations: 1 } as const;

/** What `gtr-fast` brings along, best of some forty ways on the embedded models (docs/decisions/2026-11-28-loop.md). */
const FAST = {
  sampler: { name: 'dpm' },
  corrector: { method: 'least-likely', share: 0.25, rounds: 2, ...QUICK_CORRECTION },
} as const satisfies SamplingOverrides['preset'];

/** Every policy that has a name: those with a fixed order, and each of GtR's presets as `gtr-PRESET`. */
export const NAMED_POLICIES: Readonly<Record<string, NamedPolicy>> = Object.fromEntries([
  ...Object.entries(ORDERED).map(([name, [order, summary]]) => {
    const policy = policyOf(order, (row) => row.presets?.[name]);
    return [name, { policy, summary, ...presetOf(name) }] as const;
  }),
  ...Object.entries(GTR_PRESETS).map(([preset, options]) => {
    const policy = policyOf('gtr', ({ key, option = key }) => options[option as keyof GtrPresetOptions]);
    const name = `gtr-${preset}`;
    const brought = presetOf(name);
    const summary = `${describePolicyConfig(policy)}${brought.preset ? ', DPM-Solver++, corrected' : ''}`;
    return [name, { policy, summary, ...brought }] as const;
  }),
]);

export const POLICY_NAMES: readonly string[] = Object.keys(NAMED_POLICIES);

/**
 * A named policy. Behind the name of one of GtR's presets an ending changes one knob, e.g. `gtr-32-no-fts`.
 *
 * @returns undefined where there is none of that name
 */
export function policyNamed(name: string): NamedPolicy | undefined {
  if (Object.hasOwn(NAMED_POLICIES, name)) return NAMED_POLICIES[name];
  for (const { key, endings = {} } of parametersOf('policy', 'gtr')) {
    const ending = Object.keys(endings).find((each) => name.endsWith(`-${each}`));
    const base = ending === undefined ? undefined : NAMED_POLICIES[name.slice(0, -ending.length - 1)];
    if (base?.policy.order === 'gtr') {
      return { ...base, policy: { ...base.policy, [key]: endings[ending!] } };
    }
  }
  return undefined;
}

function policyOf(order: PolicyConfig['order'], value: (row: Parameter) => unknown): PolicyConfig {
  const values = parametersOf('policy', order)
    .filter(({ omitted }) => !omitted)
    .map((row) => [row.key, value(row) ?? defaultOf(row, order)]);
  return { order, ...Object.fromEntries(values) } as PolicyConfig;
}

function presetOf(name: string): Pick<NamedPolicy, 'preset'> {
  if (name === 'gtr-fast') return { preset: FAST };
  if (name === 'lazymar') return { preset: { reuse: { method: 'lazymar' } } };
  const rows = parametersOf('sampler', 'ancestral').filter(({ presets }) => presets?.[name] !== undefined);
  if (rows.length === 0) return {};
  return { preset: { sampler: Object.fromEntries(rows.map(({ key, presets }) => [key, presets![name]])) } };
}
