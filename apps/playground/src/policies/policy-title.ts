import type { PolicyChoice } from '../settings/settings.js';
import { SHOWN_POLICIES } from './shown-policies.js';

export function policyTitle(policy: PolicyChoice): string {
  return policy.kind === 'own' ? 'Your own' : SHOWN_POLICIES[policy.name].title;
}
