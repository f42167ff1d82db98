import { TesseraError } from '@tessera/core';
import { isPolicyName, NAMED_POLICIES, type NamedPolicy, POLICY_NAMES } from './named-policies.js';
import { type GtrDescription, type OrderedDescription, usualDetailSteps } from './policy-description.js';

/** A text names no policy, or asks for what it can't be. */
export class PolicyTextError extends TesseraError {
  static override readonly code = 'policy-text';
  constructor(message: string) {
    super(PolicyTextError.code, message);
  }
}

/** Numbers that stand beside a text: integers joined by `+` or commas. */
export interface PolicyNumbers {
  readonly steps?: string | undefined;
  readonly diffusionSteps?: string | undefined;
}

/**
 * The policy that `NAME[:[STEPS][xDIFFUSION]]` asks for, e.g. `mar`, `mar:x50`, `mar:32x50`, `gtr-16:8+2+1`,
 * `disa:64x50+5`, `gtr-32:24+6+2x50+20+20+50` (diffusion steps: first, last, reconstruction, FTS detail); lists are
 * joined by `+`. Of GtR's diffusion steps the first few are enough: the others are as the last of them, the detail's 50
 * where that is more.
 *
 * @throws PolicyTextError where the name is not known, the numbers don't fit it, or they are given both ways
 */
export function policyNamed(text: string, numbers: PolicyNumbers = {}): NamedPolicy {
  const name = text.split(':', 1)[0]!;
  if (!isPolicyName(name)) {
    throw new PolicyTextError(`There is no policy "${name}". There are: ${POLICY_NAMES.join(', ')}.`);
  }
  const named: NamedPolicy = NAMED_POLICIES[name];
  const inText = /^([\d+]+)?(?:[x×]([\d+]+))?$/.exec(text.slice(name.length + 1));
  if (!inText || text.endsWith(':')) {
    throw new PolicyTextError(
      `"${text}" is no policy: after the name come STEPS, xDIFFUSION or both, e.g. mar:32x50.`,
    );
  }
  const steps = integers('steps', text, inText[1], numbers.steps);
  const diffusionSteps = integers('diffusion steps', text, inText[2], numbers.diffusionSteps);
  const description =
    named.description.order === 'gtr'
      ? adaptedGtr(name, named.description, steps, diffusionSteps)
      : adaptedOrder(name, named.description, steps, diffusionSteps);
  return { ...named, description };
}

function adaptedOrder(
  name: string,
  description: OrderedDescription,
  steps: readonly number[] | undefined,
  diffusionSteps: readonly number[] | undefined,
): OrderedDescription {
  if (steps && steps.length !== 1) {
    throw new PolicyTextError(`The policy ${name} takes one number of steps, not ${steps.join('+')}.`);
  }
  const adapted = steps ? { ...description, steps: steps[0]! } : description;
  if (!diffusionSteps) return adapted;
  if (diffusionSteps.length === 1) return { ...adapted, diffusionSteps: diffusionSteps[0]! };
  if (diffusionSteps.length === 2) {
    const [from, to] = diffusionSteps;
    return { ...adapted, diffusionSteps: { from: from!, to: to!, shape: 'linear' } };
  }
  throw new PolicyTextError(
    `The policy ${name} takes one number of diffusion steps, or the first and the last (50+5), not ${diffusionSteps.join('+')}.`,
  );
}

function adaptedGtr(
  name: string,
  description: GtrDescription,
  steps: readonly number[] | undefined,
  diffusionSteps: readonly number[] | undefined,
): GtrDescription {
  if (steps?.length === 1) {
    throw new PolicyTextError(
      `The policy ${name} takes the steps of each stage, e.g. ${description.steps.join('+')}, not ${steps[0]} alone.`,
    );
  }
  const adapted = steps ? { ...description, steps: [...steps] } : description;
  if (!diffusionSteps) return adapted;
  const { frequencyWeighted } = adapted;
  const [maxSteps = 0, minSteps = maxSteps, reconstructionSteps = minSteps, detailSteps] = diffusionSteps;
  if (diffusionSteps.length > 4 || (detailSteps !== undefined && !frequencyWeighted)) {
    throw new PolicyTextError(
      `The policy ${name} takes diffusion steps as ${
        frequencyWeighted ? 'MAX+MIN+RECONSTRUCTION+DETAIL' : 'MAX+MIN+RECONSTRUCTION'
      }, or the first few of them, not ${diffusionSteps.join('+')}.`,
    );
  }
  return {
    ...adapted,
    maxSteps,
    minSteps,
    reconstructionSteps,
    frequencyWeighted: frequencyWeighted && {
      ...frequencyWeighted,
      detailSteps: detailSteps ?? usualDetailSteps(reconstructionSteps),
    },
  };
}

function integers(
  what: string,
  text: string,
  inText: string | undefined,
  beside: string | undefined,
): readonly number[] | undefined {
  if (inText !== undefined && beside !== undefined) {
    throw new PolicyTextError(`"${text}" and ${beside} both give ${what}. Say them once.`);
  }
  const list = inText ?? beside;
  if (list === undefined) return undefined;
  const numbers = list.split(/[+,]/).map((part) => (/^\d+$/.test(part.trim()) ? Number(part) : 0));
  if (numbers.some((number) => number < 1)) {
    throw new PolicyTextError(`"${list}" is not a number of ${what} ≥ 1, or several joined by "+".`);
  }
  return numbers;
}
