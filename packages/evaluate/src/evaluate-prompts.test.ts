import type { MaskedModel, ModelInput } from '@tessera/core';
import { fakeModel } from '@tessera/core/testing';
import { describe, expect, it } from 'vitest';
import { evaluate } from './evaluate.js';
import type { AskedPrompts, EvaluateOptions } from './evaluation-options.js';
import type { FeatureNetwork } from './feature-network.js';
import { memoryStore } from './testing/memory-store.js';
import { ARMS, meanColour, optionsWith } from './testing/small-evaluation.js';

/** Of two skills in turn; the second has prompts that training never joined. */
const PROMPTS: AskedPrompts = {
  skills: ['single object', 'colours'],
  things: [
    { name: 'fox', colour: 'orange' },
    { name: 'apple', colour: 'red' },
  ],
  prompts: [
    { text: 'a fox', wanted: [{ thing: 0 }], heldOut: false },
    { text: 'a red apple', wanted: [{ thing: 1, colour: 'red' }], heldOut: false },
    { text: 'an apple', wanted: [{ thing: 1 }], heldOut: false },
    { text: 'a blue fox', wanted: [{ thing: 0, colour: 'blue' }], heldOut: true },
  ],
};

/** Draws what a model of classes does of the prompt's place, and notes what it was asked for. */
function promptModel(asked: string[]): MaskedModel<ModelInput> {
  const model = fakeModel({ shape: { height: 4, width: 4, channels: 3 } });
  return {
    ...model,
    condition: ({ batch, ...rest }) =>
      model.condition({
        ...rest,
        batch: batch.map(({ input, ...image }) => {
          const prompt = 'prompt' in input ? `${input.prompt}` : '';
          asked.push(prompt);
          return {
            ...image,
            input: { classLabel: PROMPTS.prompts.findIndex(({ text }) => text === prompt) },
          };
        }),
      }),
  };
}

/** Finds a fox in every picture, and in each `every`-th a red apple too. */
function sceneNetwork(every: number): FeatureNetwork {
  let seen = 0;
  return {
    ...meanColour,
    async extract(images) {
      const { features } = await meanColour.extract(images);
      const things = images.map(() => {
        const fox = { thing: 0, colour: null, size: 'big', row: 1, column: 1 };
        return seen++ % every === 0 ? [fox, { ...fox, thing: 1, column: 9 }] : [fox];
      });
      return { features, classes: null, damages: null, things };
    },
  };
}

const options = (changes: Partial<EvaluateOptions> = {}): EvaluateOptions =>
  optionsWith({ model: promptModel([]), prompts: PROMPTS, network: sceneNetwork(1), ...changes });

describe('evaluate with prompts', () => {
  it('draws each prompt in turn', async () => {
    const asked: string[] = [];
    await evaluate(options({ model: promptModel(asked), variants: [ARMS[1]!], batch: 1, n: 14 }));
    const drawn = asked.filter((_, i) => i % 2 === 0);
    expect(drawn).toEqual(Array.from({ length: 14 }, (_, k) => PROMPTS.prompts[k % 4]!.text));
  });

  it('scores by skill, and by what training showed, of the skills that tell the two apart', async () => {
    const report = await evaluate(options({ variants: [ARMS[0]!] }));
    expect(report.skills).toEqual(PROMPTS.skills);
    const { prompts } = report.arms[0]!.metrics;
    // Pictures 0 … 13: every fox, apple and red apple is found, and none of the three blue foxes.
    expect(prompts).toMatchObject({
      skills: { 'single object': 1, colours: 4 / 7 },
      seen: 1,
      heldOut: 0,
      score: { value: 11 / 14 },
    });
    expect(prompts!.score.low).toBeLessThan(11 / 14);
    expect(prompts!.score.high).toBeGreaterThan(11 / 14);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it('compares scores, of which more is better', async () => {
    // Batches in turn: the second variant's pictures are the odd ones of each pair.
    const report = await evaluate(options({ network: sceneNetwork(2), batch: 1, margins: { score: 0.01 } }));
    const line = report.comparisons.find(({ metric }) => metric === 'score');
    expect(line).toMatchObject({ arm: 'raster', against: 'random', margin: 0.01, verdict: 'worse' });
    const [random, raster] = report.arms.map(({ metrics }) => metrics.prompts!.score.value);
    expect(line!.difference.value).toBeCloseTo(raster! - random!, 12);
    expect(report.margins).toEqual({ frechet: null, kid: null, recall: null, score: 0.01 });
  });

  it('has no score where the network looks for no things', async () => {
    const report = await evaluate(options({ network: meanColour, store: memoryStore() }));
    expect(report.arms[0]!.metrics).not.toHaveProperty('prompts');
    expect(report.comparisons.map(({ metric }) => metric)).toEqual(['frechet', 'kid', 'recall']);
    expect(report.margins).not.toHaveProperty('score');
  });

  it('refuses prompts that are not of the skills in turn', async () => {
    await expect(evaluate(options({ classes: 3 }))).rejects.toThrow('there are 2 skills');
    const uneven = { ...PROMPTS, prompts: PROMPTS.prompts.slice(1) };
    await expect(evaluate(options({ prompts: uneven }))).rejects.toThrow('equally many of 2 skills');
  });
});
