import type { PolicyChoice } from '../settings/settings.js';
import { NAMED_POLICIES } from './named-policies.js';

export function policyTitle(policy: PolicyChoice): string {
  return policy.kind === 'own' ? 'Your own' : NAMED_POLICIES[policy.name].title;
}
