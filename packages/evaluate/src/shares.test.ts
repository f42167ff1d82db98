import { InvalidOptionError } from '@tessera/core';
import { describe, expect, it } from 'vitest';
import { classAccuracy, corruptionShares } from './shares.js';

describe('classAccuracy', () => {
  it('is the share of pictures that show what was asked for', () => {
    expect(classAccuracy([0, 1, 2, 2], [0, 1, 2, 3])).toBe(0.75);
    expect(() => classAccuracy([0, 1], [0, 1, 2])).toThrow(/\[3\]/);
  });
});

describe('corruptionShares', () => {
  it('gives every kind its share, those that no picture shows too', () => {
    expect(corruptionShares([0, 2, 0, 0], ['none', 'blur', 'grain'])).toEqual({
      none: 0.75,
      blur: 0,
      grain: 0.25,
    });
  });

  it('refuses a kind that has no name, and no pictures at all', () => {
    for (const kind of [-1, 2, 0.5, Number.NaN]) {
      expect(() => corruptionShares([0, kind], ['none', 'blur'])).toThrow(InvalidOptionError);
    }
    expect(() => corruptionShares([], ['none'])).toThrow(InvalidOptionError);
    expect(() => classAccuracy([], [])).toThrow(InvalidOptionError);
  });
});
