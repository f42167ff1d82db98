import { buildSampling, parseSpec, resolveSampling, samplingSteps } from '@tessera/format';
import { describe, expect, it } from 'vitest';
import { ownNumbers, policySpec, STEPS } from './policy-spec.js';
import { POLICY_NAMES } from './shown-policies.js';

const defaults = { guidance: { schedule: 'constant' as const, scale: 1 }, temperature: 1 };

describe('a policy with other steps', () => {
  it('is its name where nothing is changed', () => {
    expect(policySpec({ name: 'gtr-16' })).toBe('gtr-16');
  });

  it('keeps the pace of its stages and the fall of its diffusion steps', () => {
    expect(policySpec({ name: 'gtr-16', steps: 32 })).toBe('gtr-16:24+6+2x50+20');
    expect(policySpec({ name: 'gtr-16', diffusionSteps: 25 })).toBe('gtr-16:12+3+1x25+10');
    expect(policySpec({ name: 'gtr-gradual', steps: 16 })).toBe('gtr-gradual:2+2+2+3+3+3+1x20');
    expect(policySpec({ name: 'gtr-gradual', steps: 10 })).toBe('gtr-gradual:1+1+1+2+2+2+1x20');
    expect(policySpec({ name: 'gtr-16', steps: 5 })).toBe('gtr-16:3+1+1x50+20');
    expect(policySpec({ name: 'mar', steps: 20, diffusionSteps: 10 })).toBe('mar:20x10');
    expect(policySpec({ name: 'disa', diffusionSteps: 20 })).toBe('disa:64x20+2');
  });

  it.each(POLICY_NAMES)('%s has as many steps as asked for, from as few as it has stages', (name) => {
    const stages = ownNumbers(name).steps.length;
    for (const steps of [Math.max(STEPS.min, stages), 20, 31]) {
      const config = resolveSampling(parseSpec(policySpec({ name, steps, diffusionSteps: 9 })), defaults);
      expect(samplingSteps(config)).toBe(steps);
      expect(() => buildSampling(config)).not.toThrow();
    }
  });
});
