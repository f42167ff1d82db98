import { monitorEventLoopDelay } from 'node:perf_hooks';
import { generateImages, randomOrder } from '@tessera/core';
import { modelFolder } from '@tessera/model-tiny';
import { loadModel } from '@tessera/runtime-node';
import { describe, expect, it } from 'vitest';

const policy = randomOrder({ steps: 3, diffusionSteps: 4 });

describe('a model in its worker', () => {
  it('leaves the event loop free: its largest gap while generating is under 50 ms', async () => {
    const model = await loadModel(modelFolder, { device: 'cpu' });
    const delay = monitorEventLoopDelay({ resolution: 5 });
    await generateImages({ model, requests: [{ seed: 1, input: { classLabel: 1 } }], policy });
    delay.enable();
    await generateImages({
      model,
      requests: [0, 1, 2, 3].map((classLabel) => ({
        seed: 2,
        imageIndex: classLabel,
        input: { classLabel },
      })),
      policy: randomOrder({ steps: 4, diffusionSteps: 25 }),
    });
    delay.disable();
    await model.dispose();
    expect(delay.max / 1e6).toBeLessThan(50);
  });
});
