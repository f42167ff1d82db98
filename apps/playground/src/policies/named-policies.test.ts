import { checkPolicy } from '@tessera/core/check-policy';
import { describe, expect, it } from 'vitest';
import { isPolicyName, NAMED_POLICIES, namedPolicy, POLICY_NAMES } from './named-policies.js';
import { policyFrom } from './policy-description.js';

describe('each policy that can be chosen', () => {
  it.each(POLICY_NAMES)('%s decodes every position once', async (name) => {
    const shapes = [{ height: 16, width: 16 }];
    const findings = await checkPolicy(policyFrom(namedPolicy(name).description), {
      shapes,
      knownFraction: 0,
    });
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  it('says what it does in a sentence', () => {
    for (const { title, summary } of Object.values(NAMED_POLICIES)) {
      expect(title).toMatch(/^\w/);
      expect(summary).toMatch(/\.$/);
    }
  });
});

it('does not take a property of every object for a policy', () => {
  expect(isPolicyName('toString')).toBe(false);
  expect(isPolicyName('mar')).toBe(true);
});
