import { EMBEDDED_FACTS } from '../model-loading/model-facts.js';
import { addressLocation } from '../model-loading/model-location.js';
import { DIFFUSION_STEPS, type PolicyChoice, STEPS } from '../policies/policy-spec.js';
import { isPolicyName, type PolicyName } from '../policies/shown-policies.js';
import type { Condition } from './condition.js';
import {
  ADVISED,
  asPublished,
  DEFAULT_SETTINGS,
  fittingSettings,
  GUIDANCE,
  LARGEST_SEED,
  REDRAWN,
  ROUNDS,
  ROUNDS_UNSAID,
  SAMPLER_UNSAID,
  SAMPLERS,
  type SamplerChoice,
  type Settings,
  TEMPERATURE,
  within,
} from './settings.js';
import { compressText, decompressText, MOST_UNPACKED } from './text-compression.js';

export const VIEWS = ['generate', 'compare', 'edit', 'policy', 'code'] as const;
export type View = (typeof VIEWS)[number];

/** The views with settings of their own. */
export type SettingsView = 'generate' | 'compare' | 'edit';

/** Whose settings a view shows: its own, or those of "Generate". */
export const settingsView = (view: View): SettingsView =>
  view === 'compare' || view === 'edit' ? view : 'generate';

/** What a link says. */
export interface Linked {
  readonly view: View;
  readonly settings: Settings;
  /** The policies of the comparison. */
  readonly compared: readonly PolicyName[];
  /** Address of the model's folder; undefined for the embedded one that takes the condition. */
  readonly model?: string;
  /** What is wrong with its policy, where that can't be read. */
  readonly damage?: string;
}

export const DEFAULT_COMPARED: readonly PolicyName[] = ['mar', 'gtr-32', 'gtr-16'];
export const MOST_COMPARED = 6;

/** Whether a link can bring this policy back: code may be too long. */
export function fitsLink(policy: PolicyChoice): boolean {
  return policy.kind === 'named' || policy.source.length <= MOST_UNPACKED;
}

/** The part of an address from `#` on that brings `linked` back, but for a policy that does not fit. */
export async function toHash({ view, settings, compared, model }: Linked): Promise<string> {
  const parameters = new URLSearchParams();
  const { condition } = settings;
  if (condition.kind === 'class') parameters.set('class', `${condition.classLabel}`);
  else {
    parameters.set('prompt', condition.prompt);
    if (condition.negativePrompt !== undefined) parameters.set('negative', condition.negativePrompt);
  }
  parameters.set('seed', `${settings.seed}`);
  parameters.set('guidance', `${settings.guidance}`);
  parameters.set('temperature', `${settings.temperature}`);
  parameters.set('sampler', settings.sampler);
  parameters.set('redrawn', `${settings.redrawn}`);
  parameters.set('rounds', `${settings.rounds}`);
  if (settings.policy.kind === 'named') {
    const { name, steps, diffusionSteps } = settings.policy;
    parameters.set('policy', name);
    if (steps !== undefined) parameters.set('steps', `${steps}`);
    if (diffusionSteps !== undefined) parameters.set('diffusion', `${diffusionSteps}`);
  } else if (fitsLink(settings.policy)) parameters.set('own', await compressText(settings.policy.source));
  parameters.set('compare', compared.join('.'));
  if (model !== undefined) parameters.set('model', model);
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
  const location = addressLocation(parameters.get('model') ?? '', 'https://localhost/');
  const model = typeof location === 'string' || location.kind !== 'address' ? {} : { model: location.url };
  // Another model may have more classes; it is asked when it is loaded.
  const condition = conditionOf(parameters);
  const taken = 'model' in model ? undefined : EMBEDDED_FACTS[condition.kind].condition;
  const view = VIEWS.find((view) => view === name) ?? 'generate';
  const advised = ADVISED[condition.kind];
  const defaults = view === 'compare' ? asPublished(advised) : advised;
  const { policy, ...damage } = await policyOf(parameters, defaults.policy);
  const isAdvised = policy === defaults.policy;
  const settings: Settings = {
    condition,
    seed: within(Math.trunc(number('seed', defaults.seed)), { min: 0, max: LARGEST_SEED }),
    policy,
    guidance: within(number('guidance', defaults.guidance), GUIDANCE),
    temperature: within(number('temperature', defaults.temperature), TEMPERATURE),
    // Links that name their policy said neither once.
    sampler: samplerOf(parameters.get('sampler'), isAdvised ? defaults.sampler : SAMPLER_UNSAID),
    redrawn: within(number('redrawn', isAdvised ? defaults.redrawn : 0), REDRAWN),
    rounds: within(
      Math.trunc(number('rounds', parameters.has('redrawn') ? ROUNDS_UNSAID : defaults.rounds)),
      ROUNDS,
    ),
  };
  return {
    view,
    settings: taken ? fittingSettings(settings, taken) : settings,
    compared: comparedOf(parameters.get('compare')),
    ...model,
    ...damage,
  };
}

/** A prompt, or a class: any that a model may have. */
function conditionOf(parameters: URLSearchParams): Condition {
  const [prompt, negativePrompt] = [parameters.get('prompt'), parameters.get('negative')];
  if (prompt?.trim()) return { kind: 'text', prompt, ...(negativePrompt ? { negativePrompt } : {}) };
  const classLabel = Number.parseInt(parameters.get('class') ?? '', 10);
  if (Number.isNaN(classLabel)) return DEFAULT_SETTINGS.condition;
  return { kind: 'class', classLabel: within(classLabel, { min: 0, max: Number.MAX_SAFE_INTEGER }) };
}

function samplerOf(name: string | null, fallback: SamplerChoice): SamplerChoice {
  return name !== null && Object.hasOwn(SAMPLERS, name) ? (name as SamplerChoice) : fallback;
}

async function policyOf(
  parameters: URLSearchParams,
  policy: PolicyChoice,
): Promise<{ readonly policy: PolicyChoice } & Pick<Linked, 'damage'>> {
  const own = parameters.get('own');
  if (own !== null) {
    const source = await decompressText(own);
    return source === undefined
      ? { policy, damage: 'The code can’t be unpacked.' }
      : { policy: { kind: 'own', source } };
  }
  const name = parameters.get('policy');
  if (name === null) return { policy };
  const count = (key: string, range: { readonly min: number; readonly max: number }) => {
    const value = Number.parseInt(parameters.get(key) ?? '', 10);
    return Number.isNaN(value) ? undefined : within(value, range);
  };
  const steps = count('steps', STEPS);
  const diffusionSteps = count('diffusion', DIFFUSION_STEPS);
  const changed = {
    ...(steps === undefined ? {} : { steps }),
    ...(diffusionSteps === undefined ? {} : { diffusionSteps }),
  };
  return isPolicyName(name)
    ? { policy: { kind: 'named', name, ...changed } }
    : { policy, damage: `There is no policy “${name}”.` };
}

function comparedOf(text: string | null): readonly PolicyName[] {
  const names = [...new Set((text ?? '').split('.'))].filter(isPolicyName).slice(0, MOST_COMPARED);
  return names.length >= 2 ? names : DEFAULT_COMPARED;
}
