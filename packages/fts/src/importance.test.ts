import { describe, expect, it } from 'vitest';
import { importance } from './importance.js';

describe('importance', () => {
  it('weighs frequency n of h by 1 + n/h and leaves the mean out', () => {
    expect(importance([1000, 1, 0, 0, 0])).toBe(1.25);
    expect(importance([1000, 0, 0, 0, 1])).toBe(2);
    expect(importance([0, 2, 3, 5, 7])).toBe(2 * 1.25 + 3 * 1.5 + 5 * 1.75 + 7 * 2);
  });

  it('of a single channel, which has no frequency but 0, is 0', () => {
    expect(importance([3])).toBe(0);
  });
});
