import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { constantGuidance, intervalGuidance, linearGuidance } from './guidance.js';

interface Iteration {
  readonly masked_before: number;
  readonly masked_after: number;
  readonly cfg_iter: number;
}
const golden = JSON.parse(
  readFileSync(new URL('../../../fixtures/golden/A/cases.json', import.meta.url), 'utf8'),
) as { cases: { kind: string; name: string; cfg: number; cfg_schedule: string; iterations: Iteration[] }[] };

describe('guidance schedules', () => {
  const cases = golden.cases.filter(({ kind }) => kind === 'generate');

  it.each(cases.map((each) => [each.name, each] as const))('give the recorded scales of %s', (_, each) => {
    const schedule = each.cfg_schedule === 'linear' ? linearGuidance(each.cfg) : constantGuidance(each.cfg);
    const last = each.iterations.length - 1;
    for (const [k, { masked_before, masked_after, cfg_iter }] of each.iterations.entries()) {
      const scale = schedule({
        total: 64,
        maskedBefore: masked_before,
        // The recording counts one masked token after the last iteration; the loop counts none.
        maskedAfter: k === last ? 0 : masked_after,
      });
      expect(scale).toBe(cfg_iter);
    }
  });

  it('rounds linear guidance to float32 at each operation', () => {
    const scale = linearGuidance(2.9)({ total: 256, maskedBefore: 190, maskedAfter: 187 });
    // Rounded once, at the end, it would be 1.512109398841858.
    expect(scale).toBe(1.5121092796325684);
    expect(linearGuidance(1)({ total: 256, maskedBefore: 101, maskedAfter: 99 })).toBe(1);
  });

  it('is on within its interval of the masked fraction alone', () => {
    const schedule = intervalGuidance({ scale: 4, above: 0.25, upTo: 0.5 });
    const at = (maskedBefore: number) => schedule({ total: 100, maskedBefore, maskedAfter: 0 });
    expect([at(51), at(50), at(26), at(25)]).toEqual([1, 4, 4, 1]);
  });

  it('refuses scales and intervals that mean nothing', () => {
    expect(() => constantGuidance(Number.NaN)).toThrow(/scale/);
    expect(() => linearGuidance(-1)).toThrow(/scale/);
    expect(() => intervalGuidance({ scale: 2, above: 0.5, upTo: 0.5 })).toThrow(/less than upTo/);
    expect(() => intervalGuidance({ scale: 2, upTo: 1.5 })).toThrow(/upTo/);
  });
});
