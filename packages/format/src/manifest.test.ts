import { betaNoiseSchedule, linearNoiseSchedule, marDiffusion } from '@tessera/core/diffusion';
import { describe, expect, it } from 'vitest';
import { diffusionFrom } from './diffusion-description.js';
import { ManifestError, parseManifest } from './manifest.js';
import { exampleManifest } from './testing/example-manifest.js';

/** The problems named for the example manifest after `change`. */
function problemsAfter(change: (manifest: Record<string, unknown>) => void): readonly string[] {
  const manifest = structuredClone(exampleManifest()) as unknown as Record<string, unknown>;
  change(manifest);
  try {
    parseManifest(JSON.stringify(manifest));
  } catch (error) {
    expect(error).toBeInstanceOf(ManifestError);
    return (error as ManifestError).problems;
  }
  return [];
}

describe('parseManifest', () => {
  it('reads a valid manifest as it is', () => {
    expect(parseManifest(JSON.stringify(exampleManifest()))).toEqual(exampleManifest());
  });

  it('names the field that is wrong', () => {
    expect(problemsAfter((m) => Object.assign(m.grid as object, { height: 0 }))[0]).toMatch(/^grid\.height/);
    expect(problemsAfter((m) => delete m.widths)[0]).toMatch(/^widths/);
    expect(problemsAfter((m) => Object.assign(m, { extra: 1 }))[0]).toMatch(/^extra: .*Update the @tessera/);
  });

  it('takes a cosine schedule, a linear one, β in full, and none, which is the cosine one of older models', () => {
    const parsed = (diffusion: unknown) =>
      diffusionFrom(parseManifest(JSON.stringify({ ...exampleManifest(), diffusion })).diffusion);
    const variance = 'learned-range';
    expect(parsed(undefined)).toBe(marDiffusion());
    expect(parsed({ schedule: 'cosine', trainSteps: 1000, variance })).toBe(marDiffusion());
    const linear = { trainSteps: 500, betaStart: 0.001, betaEnd: 0.03 };
    expect(parsed({ schedule: 'linear', ...linear, variance })).toEqual({
      prediction: 'epsilon',
      schedule: linearNoiseSchedule(linear),
    });
    const betas = [0.01, 0.2, 0.5];
    expect(parsed({ schedule: 'betas', betas, variance })).toEqual({
      prediction: 'epsilon',
      schedule: betaNoiseSchedule(betas),
    });
  });

  it('names what is wrong with a noise schedule', () => {
    const after = (diffusion: object) =>
      problemsAfter((m) => Object.assign(m, { diffusion: { variance: 'learned-range', ...diffusion } }))[0];
    expect(after({ schedule: 'square' })).toMatch(/^diffusion\.schedule/);
    expect(after({ schedule: 'betas', betas: [0.1, 1] })).toMatch(/^diffusion\.betas\.1/);
    expect(after({ schedule: 'betas', betas: Array.from({ length: 99 }, () => 0.9) })).toMatch(
      /^diffusion: betas/,
    );
    const falling = { schedule: 'linear', trainSteps: 10, betaStart: 0.2, betaEnd: 0.1 };
    expect(after(falling)).toMatch(/^diffusion: betaEnd/);
  });

  it('lists all problems at once', () => {
    const problems = problemsAfter((m) => {
      delete m.headDepth;
      delete m.latents;
    });
    expect(problems).toHaveLength(2);
  });

  it('refuses a newer version and says to update', () => {
    expect(problemsAfter((m) => Object.assign(m, { version: 2 }))[0]).toMatch(/version is 2.*Update/);
  });

  it('recognises an HTML page', () => {
    expect(() => parseManifest('\n<!DOCTYPE html><html></html>')).toThrow(/HTML page/);
    expect(() => parseManifest('{"format"')).toThrow(/not JSON/);
  });

  it('refuses paths that leave the folder', () => {
    for (const path of ['../secret', '/etc/passwd', 'onnx/../../x', 'a\\b']) {
      expect(problemsAfter((m) => Object.assign((m.files as object[])[0]!, { path })).join()).toMatch(
        /files\.0\.path/,
      );
    }
  });

  it('refuses guidance in an interval that there is not', () => {
    const within = (above: number, upTo: number) =>
      problemsAfter((m) => {
        const guidance = { schedule: 'interval', scale: 3, above, upTo };
        Object.assign(m.sampling as object, { guidance });
      });
    expect(within(0.2, 0.8)).toEqual([]);
    expect(within(-0.1, 0.8)[0]).toMatch(/^sampling\.guidance\.above/);
    expect(within(0.2, 1.5)[0]).toMatch(/^sampling\.guidance\.upTo/);
    expect(within(0.8, 0.8)[0]).toMatch(/^sampling\.guidance: above must be less than upTo/);
  });

  it('finds what contradicts itself', () => {
    expect(problemsAfter((m) => Object.assign(m.latents as object, { patchSize: 1 }))[0]).toMatch(
      /latents make it 1/,
    );
    expect(problemsAfter((m) => Object.assign(m.condition as object, { names: ['a'] }))[0]).toMatch(
      /1 names for 3/,
    );
    expect(problemsAfter((m) => Object.assign(m.sampling as object, { clamp: [1] }))[0]).toMatch(
      /1 limits for 4/,
    );
    expect(problemsAfter((m) => (m.files as object[]).pop())[0]).toMatch(/does not list onnx\/encoder/);
    expect(problemsAfter((m) => Object.assign(m, { parity: 'parity.json' }))[0]).toMatch(
      /does not list parity/,
    );
  });

  it('takes a sampler spec as advice, and refuses what is none', () => {
    const advised = (advice: unknown) =>
      problemsAfter((m) => Object.assign(m.sampling as object, { advice }));
    expect(advised('gtr-gradual/guidance=off')).toEqual([]);
    expect(advised('spiral')[0]).toMatch(/^sampling\.advice: There is no policy "spiral"/);
    expect(advised('mar/eta=0.5')[0]).toMatch(/^sampling\.advice: eta = 0\.5: is of the sampler ddim/);
    expect(advised(3)[0]).toMatch(/^sampling\.advice: /);
  });
});
