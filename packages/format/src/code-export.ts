import { GTR_PRESETS, type GtrPresetOptions } from '@tessera/gtr';
import { CHOICES, type Choice, type Code, literal, type Parameter } from './parameters.js';
import type { ModelDefaults, SettingsConfig } from './resolve-sampling.js';
import {
  type ChoicePart,
  choiceOf,
  defaultOf,
  parametersOf,
  partOf,
  type SamplingConfig,
} from './sampling-config.js';

/** Names that code imports of a module. */
export interface Import {
  readonly module: string;
  readonly names: readonly string[];
}

/** Options of `generate` as code, a line each, and what they import. */
export interface SamplingCode {
  readonly lines: readonly string[];
  readonly imports: readonly Import[];
}

/**
 * A sampling as code: the options that give `generate` what `buildSampling` does. What `generate` or the functions take anyway
 * is left out.
 *
 * @param config without a policy where that stands elsewhere in the code
 * @param modelDefaults of the model that it is for
 */
export function samplingCode(
  config: SettingsConfig & Partial<Pick<SamplingConfig, 'policy'>>,
  modelDefaults: ModelDefaults,
): SamplingCode {
  const { temperature, clamp, sampler } = config;
  const parts: readonly ChoicePart[] = [
    ...(config.policy ? (['policy'] as const) : []),
    'guidance',
    ...(sampler.name === 'ancestral' && !optionsCode('sampler', config).text ? [] : (['sampler'] as const)),
    ...(config.reuse ? (['reuse'] as const) : []),
    ...(config.corrector ? (['corrector'] as const) : []),
  ];
  const calls = parts.map((part) => ({ part, ...callCode(part, config) }));
  const sameClamp = JSON.stringify(clamp) === JSON.stringify(modelDefaults.clamp ?? null);
  return {
    lines: [
      ...calls.map(({ part, text }) => `${part}: ${text},`),
      `temperature: ${temperature},`,
      ...(sameClamp ? [] : [`clamp: ${literal(clamp)},`]),
    ],
    imports: mergedImports(calls.flatMap(({ imports }) => imports)),
  };
}

/** Import statements, in order. */
export function importLines(imports: readonly Import[]): string {
  return mergedImports(imports)
    .map(({ module, names }) => `import { ${names.join(', ')} } from '${module}';`)
    .join('\n');
}

interface PartCode {
  readonly text: string;
  readonly imports: readonly Import[];
}

function callCode(part: ChoicePart, config: Partial<SamplingConfig>): PartCode {
  const choices: Readonly<Record<string, Choice>> = CHOICES[part];
  const { module, symbol } = choices[choiceOf(part, partOf(config, part))!]!;
  const { text, imports } = optionsCode(part, config);
  return { text: `${symbol}(${text})`, imports: [{ module, names: [symbol] }, ...imports] };
}

/** The options that a function is called with. */
function optionsCode(part: ChoicePart, config: Partial<SamplingConfig>): PartCode {
  const values = partOf(config, part);
  const choice = choiceOf(part, values)!;
  const choices: Readonly<Record<string, Choice>> = CHOICES[part];
  const { fixed = {}, scalar } = choices[choice]!;
  const rows = parametersOf(part, choice).filter(({ key }) => values[key] !== undefined);
  if (scalar) return { text: literal(values[scalar]), imports: [] };
  const optionsBut = (usual: (row: Parameter) => unknown): readonly (readonly [string, Code])[] =>
    rows
      .filter((row) => JSON.stringify(values[row.key]) !== JSON.stringify(usual(row)))
      .map(({ key, option = key, code }) => [option, code?.(values[key]) ?? { text: literal(values[key]) }]);
  if (choice === 'gtr') return presetCode(optionsBut);
  // An order without its numbers would say little, and guidance has no defaults of its own.
  const options = optionsBut((row) =>
    row.place || part === 'guidance' ? undefined : defaultOf(row, choice),
  );
  return objectCode([
    ...Object.entries(fixed).map(([key, value]) => [key, { text: literal(value) }] as const),
    ...options,
  ]);
}

/** By the preset that leaves the fewest options. */
function presetCode(
  optionsBut: (usual: (row: Parameter) => unknown) => readonly (readonly [string, Code])[],
): PartCode {
  const calls = Object.entries(GTR_PRESETS).map(([preset, set]) => ({
    preset: { text: literal(preset) },
    options: optionsBut(
      (row) => set[(row.option ?? row.key) as keyof GtrPresetOptions] ?? defaultOf(row, 'gtr'),
    ),
  }));
  const { preset, options } = calls.reduce((best, each) =>
    each.options.length < best.options.length ? each : best,
  );
  return options.length === 0 ? { ...preset, imports: [] } : objectCode([['preset', preset], ...options]);
}

function objectCode(options: readonly (readonly [string, Code])[]): PartCode {
  if (options.length === 0) return { text: '', imports: [] };
  return {
    text: `{ ${options.map(([key, { text }]) => `${key}: ${text}`).join(', ')} }`,
    imports: options.flatMap(([, { symbol }]) =>
      symbol === undefined ? [] : [{ module: '@tessera/core', names: [symbol] }],
    ),
  };
}

/** One import a module, in order. */
export function mergedImports(imports: readonly Import[]): readonly Import[] {
  const modules = [...new Set(imports.map(({ module }) => module))].sort();
  return modules.map((module) => {
    const names = imports.filter((each) => each.module === module).flatMap((each) => each.names);
    return { module, names: [...new Set(names)].sort() };
  });
}
