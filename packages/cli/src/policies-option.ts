import type { Variant } from '@tessera/evaluation-report';
import type { Manifest } from '@tessera/format';
import { NAMED_POLICIES, samplingNamed, samplingOf } from '@tessera/format';
import type { Output } from './command-context.js';
import { policyList, type SamplingFlags, settingsFromFlags } from './sampling-options.js';
import { UsageError } from './usage-error.js';

/** The same policies for any model, once its manifest says what it advises. */
export type PolicyChoice = (advised: Manifest['sampling']) => Variant[];

/**
 * What `--policies` names, by comma; a comma inside a policy's numbers would be ambiguous, so those take a plus.
 *
 * @returns undefined where help on them was asked for, which is then given
 * @throws UsageError where one is named twice, or is none
 */
export function policiesFromFlags(
  flags: SamplingFlags & { readonly policies: string },
  output: Output,
): PolicyChoice | undefined {
  if (flags.policies === 'help') {
    output.print(policyList());
    output.result(NAMED_POLICIES);
    return undefined;
  }
  const names = flags.policies.split(',').map((text) => text.trim());
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UsageError(`--policies names "${twice}" twice.`);
  const choices = names.map((name) => ({ name, choice: samplingNamed(name) }));
  const settings = settingsFromFlags(flags);
  return (advised) =>
    choices.map(({ name, choice }) => ({ name, sampling: samplingOf(choice, advised, settings) }));
}
