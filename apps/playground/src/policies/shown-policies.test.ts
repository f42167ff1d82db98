import { policyNamed } from '@tessera/format';
import { expect, it } from 'vitest';
import { isPolicyName, POLICY_NAMES, SHOWN_POLICIES } from './shown-policies.js';

it('each policy that can be chosen has the name that the command line knows, and says what it does', () => {
  for (const name of POLICY_NAMES) {
    expect(policyNamed(name)).toBeDefined();
    const { title, summary } = SHOWN_POLICIES[name];
    expect(title).toMatch(/^\w/);
    expect(summary).toMatch(/\.$/);
  }
});

it('does not take a property of every object for a policy', () => {
  expect(isPolicyName('toString')).toBe(false);
  expect(isPolicyName('mar')).toBe(true);
});
