import { checkPolicy } from '@tessera/core/testing';
import { describe, expect, test } from 'vitest';
import { isPolicyName, NAMED_POLICIES, POLICY_NAMES } from './named-policies.js';
import { policyFrom } from './policy-description.js';

describe.each(POLICY_NAMES)('the policy %s', (name) => {
  test('decodes every position exactly once', async () => {
    const findings = await checkPolicy(policyFrom(NAMED_POLICIES[name].description), {
      shapes: [{ height: 16, width: 16 }],
    });
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  });
});

test('a property of every object is no policy', () => {
  expect(isPolicyName('toString')).toBe(false);
  expect(isPolicyName('mar')).toBe(true);
});
