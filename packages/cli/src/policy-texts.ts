import { UsageError } from './usage-error.js';

/**
 * The texts of several policies, by comma; a comma inside a policy's numbers would be ambiguous, so those take a plus.
 *
 * @throws UsageError where one is named twice
 */
export function policyTexts(list: string): string[] {
  const texts = list.split(',').map((text) => text.trim());
  const twice = texts.find((text, i) => texts.indexOf(text) !== i);
  if (twice !== undefined) throw new UsageError(`--policies names "${twice}" twice.`);
  return texts;
}
