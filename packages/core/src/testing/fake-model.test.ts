import { describe, expect, it } from 'vitest';
import { generate } from '../generate.js';
import { constantGuidance } from '../guidance.js';
import { raster } from '../policies/raster.js';
import { describeModel } from './describe-model.js';
import { fakeModel } from './fake-model.js';

const shape = { height: 4, width: 6, channels: 4 };

describeModel('fakeModel', () => fakeModel({ shape }), { inputs: [{ classLabel: 0 }, { classLabel: 1 }] });

describe('fakeModel', () => {
  it('counts what it is asked for', async () => {
    const model = fakeModel({ shape });
    const run = generate({
      model,
      requests: [{ seed: 1, input: { classLabel: 0 } }],
      policy: raster({ steps: 3, diffusionSteps: 5 }),
      guidance: constantGuidance(2),
    });
    for await (const _ of run);
    expect(model.calls).toEqual({
      condition: 3,
      evaluateHead: 0,
      conditionRows: 2 * 24,
      sampleTokens: 3,
      headEvaluations: 2 * 24 * 5,
      decode: 1,
      encode: 0,
    });
  });

  it('arrives within a tenth of tanh(z), or of the guided combination of both halves', async () => {
    const model = fakeModel({ shape, width: 2 });
    const image = { seed: 1, input: { classLabel: 3 } };
    const target = (position: number, label: number, channel: number) =>
      Math.tanh(Math.sin(0.37 * (position + 1) * (channel + 1) + label));
    for (const scale of [1, 2]) {
      const run = generate({
        model,
        requests: [image],
        policy: raster({ steps: 1, diffusionSteps: 20 }),
        guidance: constantGuidance(scale),
      });
      let event = await run.next();
      while (!event.done) event = await run.next();
      const { tokens } = event.value.results[0]!.grid;
      for (const [i, token] of tokens.entries()) {
        const position = Math.floor(i / 4);
        const conditional = target(position, 3, i % 2);
        const unconditional = target(position, -1, i % 2);
        expect(Math.abs(token - (unconditional + scale * (conditional - unconditional)))).toBeLessThan(0.105);
      }
    }
  });
});
