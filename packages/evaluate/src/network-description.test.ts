import { describe, expect, it } from 'vitest';
import { FeatureNetworkError, parseNetworkDescription } from './network-description.js';

const inception = {
  name: 'inception-v3',
  input: { name: 'x', width: 299, height: 299, layout: 'nchw', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  features: { output: 'pool', width: 2048 },
};

describe('parseNetworkDescription', () => {
  it('reads what a network needs', () => {
    expect(parseNetworkDescription(JSON.stringify(inception))).toEqual(inception);
  });

  it('names everything that is wrong, with its place', () => {
    const wrong = {
      ...inception,
      input: { ...inception.input, layout: 'hwc', std: [1, 0, 1] },
      features: { output: 'pool' },
    };
    try {
      parseNetworkDescription(JSON.stringify(wrong));
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(FeatureNetworkError);
      const { problems, code } = error as FeatureNetworkError;
      expect(code).toBe('feature-network');
      expect(problems.join('\n')).toMatch(/input\.layout/);
      expect(problems.join('\n')).toMatch(/input\.std.*greater than 0/);
      expect(problems.join('\n')).toMatch(/features\.width/);
    }
  });

  it('refuses what is no JSON', () => {
    expect(() => parseNetworkDescription('name: inception')).toThrow(FeatureNetworkError);
  });
});
