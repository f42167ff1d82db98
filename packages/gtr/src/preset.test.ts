import { generate, InvalidOptionError } from '@tessera/core';
import type { ImageStep } from '@tessera/core/model';
import { fakeModel } from '@tessera/core/testing';
import { describePolicy } from '@tessera/core/testing/suites';
import { describe, expect, it } from 'vitest';
import { type GtrOptions, type GtrPreset, gtr } from './preset.js';

/** The steps of an image, as they were carried out. */
async function carriedOut(options: GtrPreset | GtrOptions, side: number): Promise<readonly ImageStep[]> {
  const model = fakeModel({ shape: { height: side, width: side, channels: 2 } });
  const run = generate({ model, requests: [{ seed: 3, input: { classLabel: 1 } }], policy: gtr(options) });
  let event = await run.next();
  while (!event.done) event = await run.next();
  return event.value.results[0]!.steps;
}

const detailed = ({ plan }: ImageStep) => plan.diffusionSteps.filter((steps) => steps === 50).length;
const reconstruction = (steps: readonly ImageStep[]) =>
  steps.filter(({ plan }) => plan.stage === 'reconstruction');

describePolicy('gtr', () => gtr());

describe('gtr', () => {
  it.each([
    ['32', 16, 32, 2],
    ['16', 16, 16, 1],
    ['lightgen', 32, 16, 2],
    ['gradual', 16, 40, 3],
    ['fast', 16, 16, 1],
  ] as const)('%s takes the steps of its preset', async (preset, side, total, last) => {
    const steps = await carriedOut(preset, side);
    expect(steps).toHaveLength(total);
    expect(reconstruction(steps)).toHaveLength(last);
  });

  it('gives a tenth of the reconstructed tokens, rounded, 50 diffusion steps and the others 20', async () => {
    for (const step of reconstruction(await carriedOut('32', 16))) {
      expect(detailed(step)).toBe(6);
      expect(step.plan.diffusionSteps.filter((steps) => steps === 20)).toHaveLength(58);
    }
  });

  it('leaves the generation stage to the policy', async () => {
    const withSelection = await carriedOut('16', 16);
    const without = await carriedOut({ preset: '16', frequencyWeighted: false }, 16);
    expect(withSelection.slice(0, 15)).toEqual(without.slice(0, 15));
    expect(withSelection[15]).not.toEqual(without[15]);
  });

  it('without frequency-weighted selection takes T_rec for all reconstructed tokens', async () => {
    const steps = await carriedOut({ frequencyWeighted: false, reconstructionDiffusionSteps: 7 }, 16);
    for (const { plan } of reconstruction(steps)) expect(new Set(plan.diffusionSteps)).toEqual(new Set([7]));
  });

  it('gives the selected tokens no fewer diffusion steps than the others', async () => {
    for (const { plan } of reconstruction(await carriedOut({ reconstructionDiffusionSteps: 80 }, 16)))
      expect(new Set(plan.diffusionSteps)).toEqual(new Set([80]));
    const [own] = reconstruction(
      await carriedOut(
        { reconstructionDiffusionSteps: 80, frequencyWeighted: { detailDiffusionSteps: 90 } },
        16,
      ),
    );
    expect(new Set(own!.plan.diffusionSteps)).toEqual(new Set([80, 90]));
  });

  it('keeps what a preset says where an option is undefined', async () => {
    // As JavaScript may, and TypeScript without exactOptionalPropertyTypes.
    const undecided = {
      frequencyWeighted: undefined,
      subsets: undefined,
      maxDiffusionSteps: undefined,
      stepsPerStage: undefined,
    };
    const options = { preset: 'gradual', ...undecided } as unknown as GtrOptions;
    expect(await carriedOut(options, 16)).toEqual(await carriedOut('gradual', 16));
  });

  it('selects in the stage that is asked for', async () => {
    const stages = async (selectionStage: NonNullable<GtrOptions['selectionStage']>) => {
      const options = { preset: '16', maxDiffusionSteps: 20, selectionStage } as const;
      const steps = await carriedOut(options, 16);
      return new Set(steps.filter((step) => detailed(step) > 0).map(({ plan }) => plan.stage));
    };
    expect(await stages('reconstruction')).toEqual(new Set(['reconstruction']));
    expect(await stages('generation')).toEqual(new Set(['generation']));
    expect(await stages('both')).toEqual(new Set(['generation', 'reconstruction']));
  });

  it('passes options on to the selection', async () => {
    const [step] = reconstruction(await carriedOut({ preset: '16', frequencyWeighted: { ratio: 0.25 } }, 16));
    expect(detailed(step!)).toBe(32);
  });

  it('takes steps of one’s own in place of a preset’s', async () => {
    expect(await carriedOut({ preset: '16', stepsPerStage: [2, 2] }, 8)).toHaveLength(4);
  });

  it('begins gradually with few tokens a step, on quincunx subsets, and lets options overrule the preset', async () => {
    const steps = await carriedOut('gradual', 16);
    const counts = steps.map(({ plan }) => plan.positions.length);
    expect(counts.slice(0, 8)).toEqual(Array(8).fill(1));
    expect(Math.max(...counts.slice(0, 37))).toBe(8);
    expect(counts.slice(37).sort()).toEqual([42, 43, 43]);
    // The coarsest lattice: every eighth row and column.
    const first = steps.slice(0, 4).flatMap(({ plan }) => [...plan.positions]);
    for (const position of first) expect([(position >> 4) % 8, (position % 16) % 8]).toEqual([0, 0]);
    expect(new Set(steps.flatMap(({ plan }) => [...plan.diffusionSteps]))).toEqual(new Set([20]));

    const other = await carriedOut(
      { preset: 'gradual', reconstructionDiffusionSteps: 9, frequencyWeighted: {} },
      16,
    );
    expect(other[0]!.plan).toEqual(steps[0]!.plan);
    expect(new Set(other[39]!.plan.diffusionSteps)).toEqual(new Set([9, 50]));
  });

  it('is quick on the same subsets', async () => {
    const steps = await carriedOut('fast', 16);
    expect(new Set(steps.flatMap(({ plan }) => [...plan.diffusionSteps]))).toEqual(new Set([8]));
    const gradual = await carriedOut('gradual', 16);
    const firsts = (carried: readonly ImageStep[]) =>
      new Set(carried.flatMap(({ plan }) => [...plan.positions]).slice(0, 64));
    expect(firsts(steps)).toEqual(firsts(gradual));
  });

  it('refuses a preset that there is none of', () => {
    // @ts-expect-error: not a preset
    expect(() => gtr('64')).toThrow(InvalidOptionError);
    // @ts-expect-error: not a preset either
    expect(() => gtr('toString')).toThrow('must be one of 16, 32, lightgen, gradual, fast');
  });

  it('refuses other stages than the preset’s, unless their steps are given', async () => {
    expect(() => gtr({ stages: 4 })).toThrow('give stepsPerStage or rates of that many stages');
    expect(() => gtr({ preset: 'lightgen', stages: 3 })).toThrow('preset lightgen has 4');
    expect(await carriedOut({ stages: 2, stepsPerStage: [4, 1] }, 8)).toHaveLength(5);
  });
});
