import { type PolicyNumbers, PolicyTextError, policyNamed } from './policy-text.js';
import type { SamplingChoice } from './sampling-choice.js';
import { SUFFIXES } from './sampling-suffixes.js';

/**
 * The sampling that a line of text asks for: a policy as `policyNamed` reads it, and behind it any of {@link SUFFIXES}
 * as `/KEY=VALUE`, e.g. `mar:64x20/sampler=ddim`, `gtr-32/fts=low/guidance=constant:3`.
 *
 * @param numbers steps and diffusion steps that the text does not give
 * @throws PolicyTextError that says what may stand there
 */
export function samplingNamed(text: string, numbers: PolicyNumbers = {}): SamplingChoice {
  const [named = '', ...suffixes] = text.split('/');
  const { description, maxTimestep } = policyNamed(named, numbers);
  let choice: SamplingChoice = {
    policy: description,
    ...(maxTimestep === undefined ? {} : { policyMaxTimestep: maxTimestep }),
  };
  const said = new Set<string>();
  for (const each of suffixes) {
    const [key = '', ...rest] = each.split('=');
    const suffix = Object.hasOwn(SUFFIXES, key) ? SUFFIXES[key] : undefined;
    if (!suffix) {
      throw new PolicyTextError(
        `"${text}": there is no /${key}=. There are: ${Object.keys(SUFFIXES).join(', ')}.`,
      );
    }
    if (said.has(key)) throw new PolicyTextError(`"${text}" says /${key}= twice.`);
    said.add(key);
    const next = suffix.apply(choice, rest.join('='));
    if (!next) {
      throw new PolicyTextError(`"${text}": /${each} can't be. /${key}=${suffix.form}: ${suffix.summary}.`);
    }
    choice = next;
  }
  return choice;
}
