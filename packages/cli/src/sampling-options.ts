import { textTable } from '@tessera/evaluation-report/display';
import {
  adviseSampling,
  type ModelDefaults,
  PARAMETER_OPTIONS,
  type ParameterOption,
  parseSettings,
  parseSpec,
  policyRows,
  resolveSampling,
  type SamplingConfig,
  type SpecFlags,
  specWords,
} from '@tessera/format';
import { type Command, InvalidArgumentError, Option } from 'commander';

/** Flags of a command; those of sampling are text, under their names in camel case. */
export type SamplingFlags = object;

/** A sampling for any model, once its manifest says what it advises. */
export type SamplingChoice = (modelDefaults: ModelDefaults) => SamplingConfig;

const attribute = ({ flag }: ParameterOption): string =>
  flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Names under which the sampling's flags are stored. */
export const SAMPLING_ATTRIBUTES: readonly string[] = PARAMETER_OPTIONS.map(attribute);

/** Longer forms would push the descriptions aside. */
const LONGEST_FORM = 14;

/**
 * Adds an option for each sampling knob.
 *
 * @param options.policy whether those of the policy are among them
 */
export function withSamplingOptions(command: Command, { policy }: { readonly policy: boolean }): Command {
  command.optionsGroup('Sampling (also keys of a spec):');
  for (const option of PARAMETER_OPTIONS) {
    if (option.ofPolicy && !policy) continue;
    const { flag, form, summary, hidden, ofPolicy } = option;
    const isShort = form.length <= LONGEST_FORM;
    const described = new Option(
      `--${flag} <${isShort ? form : 'value'}>`,
      isShort ? summary : `${summary}: ${form}`,
    ).hideHelp(hidden);
    command.addOption(ofPolicy ? described : described.argParser((text) => checked(flag, text)));
  }
  return command.optionsGroup('');
}

function checked(flag: string, text: string): string {
  try {
    parseSettings({ [flag]: text });
    return text;
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

/** The text of the sampling's flags, by their words. */
export function specFlags(flags: SamplingFlags, wanted = (_: ParameterOption): boolean => true): SpecFlags {
  const texts: Readonly<Record<string, unknown>> = { ...flags };
  return Object.fromEntries(
    PARAMETER_OPTIONS.filter((option) => wanted(option) && texts[attribute(option)] !== undefined).map(
      (option) => [option.flag, String(texts[attribute(option)])],
    ),
  );
}

/**
 * The sampling that a spec and the flags beside it ask for; without a spec, the model's advice with what the flags change.
 *
 * @throws SamplerSpecError where the spec, or a flag of its policy, can't be
 */
export function samplingChoice(flags: SamplingFlags, spec?: string): SamplingChoice {
  const settings = parseSettings(specFlags(flags));
  const ofPolicy = specFlags(flags, (option) => option.ofPolicy);
  if (spec === undefined) return (modelDefaults) => adviseSampling(modelDefaults, settings, ofPolicy);
  const overrides = parseSpec(spec, ofPolicy);
  return (modelDefaults) => resolveSampling(overrides, modelDefaults, settings);
}

/** Policies and the words behind them, for `--policy help`. */
export function policyList(): string {
  const columns = [false, false];
  const indented = (rows: readonly (readonly string[])[]) =>
    textTable(
      rows.map(([first = '', ...rest]) => [`  ${first}`, ...rest]),
      columns,
    ).join('\n');
  return `Policies:
${indented(policyRows())}

A spec is NAME[:[STEPS][xDIFFUSION]][/KEY=VALUE]…, e.g.
  mar:32x50            32 steps of 50 diffusion steps
  disa:32x30+5         diffusion steps that fall from 30 to 5
  gtr-16:8+2+1         the steps of each stage of GtR
  gtr-32/fts=low       any other knob behind the name

Keys, which are options of tessera generate as well:
${indented(specWords().map(({ flag, form, summary }) => [flag, `${summary}: ${form}`]))}`;
}
