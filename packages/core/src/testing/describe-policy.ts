import { beforeAll, describe, expect, it } from 'vitest';
import type { SamplingPolicy } from '../policy.js';
import { type CheckPolicyOptions, checkPolicy, type PolicyFinding, type PolicyRule } from './check-policy.js';

const PROPERTIES: readonly (readonly [PolicyRule, string])[] = [
  ['throws', 'runs without an error'],
  ['plan', 'decodes every position exactly once, known ones never, with a diffusion step or more'],
  ['ends', 'ends, however much it remasks'],
  ['pure', 'takes steps that change nothing they are given and depend on their state alone'],
  ['deterministic', 'makes the same plans from the same noise'],
];

/** Milliseconds for all generations of a check; it takes a second or two on a machine with nothing else to do. */
const PATIENCE = 120_000;

/**
 * The conformance suite of a sampling policy, for vitest: {@link checkPolicy} on square, odd and oblong grids, empty
 * and partly known, one test a property.
 *
 * @param make called for each suite anew
 * @example
 * describePolicy('halton', () => halton({ steps: 32 }));
 */
export function describePolicy(
  name: string,
  make: () => SamplingPolicy,
  options: CheckPolicyOptions = {},
): void {
  describe(`${name} is a sampling policy: it`, () => {
    let findings: readonly PolicyFinding[] = [];
    beforeAll(async () => {
      findings = await checkPolicy(make(), options);
    }, PATIENCE);

    it.each(PROPERTIES)('[%s] %s', (rule) => {
      expect(findings.filter((finding) => finding.rule === rule).map((finding) => finding.message)).toEqual(
        [],
      );
    });
  });
}
