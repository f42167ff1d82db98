import { TEXT_ROWS, type TextRow } from './parameters.js';
import { parseSpec, SamplerSpecError } from './parse-spec.js';
import { NAMED_POLICIES } from './presets.js';
import { type ModelDefaults, resolveSampling } from './resolve-sampling.js';
import { choiceOf, partOf, rowsOf, type SamplingConfig } from './sampling-config.js';

const NO_DEFAULTS: ModelDefaults = { guidance: { schedule: 'constant', scale: 1 }, temperature: 1 };

/**
 * The shortest spec of a sampling: `resolveSampling(parseSpec(spec), modelDefaults)` gives it back.
 *
 * ```ts
 * const { sampling: defaults } = model.manifest;
 * formatSpec(resolveSampling(parseSpec('random:32x100/temperature=0.9'), defaults), defaults); // 'mar:32/temperature=0.9'
 * ```
 *
 * @param modelDefaults of the model that it is for; what is the model's is left out. @default no guidance, temperature 1, no clamp
 */
export function formatSpec(config: SamplingConfig, modelDefaults: ModelDefaults = NO_DEFAULTS): string {
  const specs = Object.entries(NAMED_POLICIES)
    .filter(([, { policy }]) => policy.order === config.policy.order)
    .flatMap(([name]) => specFrom(name, config, modelDefaults) ?? []);
  return specs.reduce((best, spec) => (spec.length < best.length ? spec : best));
}

/** Undefined where the named policy has no place for a number, as one without FTS has none for the detail's steps. */
function specFrom(name: string, config: SamplingConfig, modelDefaults: ModelDefaults): string | undefined {
  try {
    return changedSpec(name, config, modelDefaults);
  } catch (error) {
    if (SamplerSpecError.isInstance(error)) return undefined;
    throw error;
  }
}

function changedSpec(name: string, config: SamplingConfig, modelDefaults: ModelDefaults): string {
  const [steps, diffusionSteps] = (['steps', 'diffusion'] as const).map((place) => {
    const row = rowsOf('policy', config.policy.order).find((each) => each.place === place);
    return row && differs(row, name) ? row.print(config.policy) : undefined;
  });
  const numbers = `${steps ?? ''}${diffusionSteps === undefined ? '' : `x${diffusionSteps}`}`;
  let spec = numbers === '' ? name : `${name}:${numbers}`;
  for (const row of TEXT_ROWS) {
    if (row.place || row.writtenBy || !isOf(row)) continue;
    if (differs(row, spec)) spec += `/${row.flag}=${row.print(partOf(config, row.part))}`;
  }
  return spec;

  function isOf({ part, of }: TextRow): boolean {
    return !of || of.includes(choiceOf(part, partOf(config, part)) ?? '');
  }

  function differs({ part, print }: TextRow, text: string): boolean {
    const base = resolveSampling(parseSpec(text), modelDefaults);
    return print(partOf(base, part)) !== print(partOf(config, part));
  }
}
