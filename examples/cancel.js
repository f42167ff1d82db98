// Stops a generation: the model ends within one run of a graph, and can be used again at once.
import { generate, randomOrder } from '@tessera/core';
import { modelFolder } from '@tessera/model-tiny';
import { loadModel } from '@tessera/runtime-node';

const model = await loadModel(modelFolder);
const controller = new AbortController();
setTimeout(() => controller.abort(), 200);
try {
  const requests = [{ seed: 1, input: { classLabel: 3 } }];
  for await (const event of generate({ model, requests, policy: randomOrder(), signal: controller.signal })) {
    if (event.type === 'step-end') console.log(`step ${event.step} done`);
  }
} catch (error) {
  if (!controller.signal.aborted) throw error;
  console.log('stopped');
}
await model.dispose();
