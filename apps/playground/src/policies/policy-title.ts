import { parseSpec, stepsText } from '@tessera/format';
import type { PolicyChoice } from '../settings/settings.js';
import { policySpec } from './policy-spec.js';
import { SHOWN_POLICIES } from './shown-policies.js';

/** A policy's title; where its steps were changed, with what they are. */
export function policyTitle(policy: PolicyChoice): string {
  if (policy.kind === 'own') return 'Your own';
  const { title } = SHOWN_POLICIES[policy.name];
  if (policy.steps === undefined && policy.diffusionSteps === undefined) return title;
  return `${title.split(',')[0]}, ${stepsText(parseSpec(policySpec(policy)).policy)}`;
}
