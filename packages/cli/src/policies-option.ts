import type { Variant } from '@tessera/evaluation-report';
import { adviceOf, type ModelDefaults, NAMED_POLICIES } from '@tessera/format';
import type { Output } from './command-context.js';
import { policyList, type SamplingFlags, samplingChoice } from './sampling-options.js';
import { UsageError } from './usage-error.js';

/** The same policies for any model, once its manifest says what it advises. */
export type PolicyChoice = (modelDefaults: ModelDefaults) => Variant[];

/**
 * What `--policies` names, by comma; a comma inside a policy's numbers would be ambiguous, so those take a plus. Without it,
 * MAR, GtR, and what the model advises.
 *
 * @returns undefined where help on them was asked for, which is then given
 * @throws UsageError where one is named twice, or is none
 */
export function policiesFromFlags(
  flags: SamplingFlags & { readonly policies?: string },
  output: Output,
): PolicyChoice | undefined {
  if (flags.policies === 'help') {
    output.print(policyList());
    output.result(NAMED_POLICIES);
    return undefined;
  }
  const names = flags.policies?.split(',').map((text) => text.trim());
  const twice = names?.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UsageError(`--policies names "${twice}" twice.`);
  const named = (specs: readonly string[]) => {
    const choices = specs.map((name) => ({ name, choice: samplingChoice(flags, name) }));
    return (modelDefaults: ModelDefaults): Variant[] =>
      choices.map(({ name, choice }) => ({ name, sampling: choice(modelDefaults) }));
  };
  if (names) return named(names);
  return (modelDefaults) => named([...new Set(['mar', 'gtr-32', adviceOf(modelDefaults)])])(modelDefaults);
}
