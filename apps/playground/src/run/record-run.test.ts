import { linearGuidance } from '@tessera/core';
import { fakeModel } from '@tessera/core/testing';
import { gtr } from '@tessera/gtr';
import { describe, expect, it } from 'vitest';
import { recordRun } from './record-run.js';
import { type FinishedRun, type StepRecord, totals } from './step-record.js';

const shape = { height: 8, width: 8, channels: 3 };
const condition = { kind: 'class', classLabel: 2 } as const;
const policy = gtr({
  stepsPerStage: [3, 2, 1],
  maxDiffusionSteps: 6,
  minDiffusionSteps: 3,
  reconstructionDiffusionSteps: 2,
  frequencyWeighted: { ratio: 0.1, detailDiffusionSteps: 7 },
});

async function whole(run: AsyncGenerator<StepRecord, FinishedRun>) {
  const steps: StepRecord[] = [];
  for (;;) {
    const next = await run.next();
    if (next.done) return { steps, ...next.value };
    steps.push(next.value);
  }
}

describe('a recorded run', () => {
  it('names every position once, with the picture after each step, the last one finished', async () => {
    const { steps, image } = await whole(
      recordRun({ model: fakeModel({ shape }), policy, seed: 1, condition }),
    );
    const positions = steps.flatMap((step) => [...step.positions]).sort((a, b) => a - b);
    expect(positions).toEqual([...Array(64).keys()]);
    expect(steps.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(steps.at(-1)?.picture).toEqual(image);
    expect(steps[0]?.picture).not.toEqual(image);
  });

  it('marks the tokens that FTS chose, in the reconstruction alone', async () => {
    const { steps } = await whole(recordRun({ model: fakeModel({ shape }), policy, seed: 1, condition }));
    for (const { stage, chosen, positions, diffusionSteps } of steps) {
      const seven = positions.filter((_, i) => diffusionSteps[i] === 7);
      expect(chosen).toEqual(stage === 'reconstruction' ? seven : new Uint32Array());
    }
    expect(steps.at(-1)?.chosen).toHaveLength(3);
  });

  it('counts head evaluations twice where a step is guided', async () => {
    const model = fakeModel({ shape });
    const plain = await whole(recordRun({ model, policy, seed: 1, condition }));
    const guided = await whole(recordRun({ model, policy, seed: 1, condition, guidance: linearGuidance(3) }));
    expect(totals(guided.steps).headEvaluations).toBe(2 * totals(plain.steps).headEvaluations);
    expect(totals(plain.steps)).toMatchObject({ steps: 6, tokens: 64 });
  });

  it('leaves the making of previews out of the time', async () => {
    const model = fakeModel({ shape });
    let time = 0;
    const decode: typeof model.decode = (grids, options) => {
      time += 1000;
      return model.decode(grids, options);
    };
    const sampleTokens: typeof model.sampleTokens = (request) => {
      time += 5;
      return model.sampleTokens(request);
    };
    const { steps } = await whole(
      recordRun({
        model: { ...model, decode, sampleTokens },
        policy,
        seed: 1,
        condition,
        now: () => time,
      }),
    );
    expect(steps.map(({ milliseconds }) => milliseconds)).toEqual([5, 5, 5, 5, 5, 10]);
  });

  it('draws the marked part of a picture, and names the pixels it repainted', async () => {
    const model = fakeModel({ shape });
    const { height, width } = model.imageSize!;
    const image = { height, width, data: new Uint8Array(height * width * 3).fill(90) };
    const mask = { height: 8, width: 8, data: new Uint8Array(64).fill(255, 40) };
    const {
      steps,
      image: edited,
      repainted,
    } = await whole(recordRun({ model, policy, seed: 1, condition, edit: { image, mask } }));
    expect(totals(steps).tokens).toBe(24);
    expect(steps[0]).toMatchObject({ tokensInAll: 24 });
    const kept = repainted!.data.indexOf(255);
    expect(kept).toBe((height * width * 5) / 8);
    expect(edited.data.subarray(0, kept * 3)).toEqual(image.data.subarray(0, kept * 3));
  });
});
