// Stops a generation. It ends within one run of a graph, and the model can be used again at once.
import { generate, loadModel, modelFolder } from 'tessera';

const model = await loadModel(modelFolder);
const controller = new AbortController();
setTimeout(() => controller.abort(), 200);
try {
  const requests = [{ seed: 1, input: { classLabel: 3 } }];
  for await (const event of generate({ model, requests, signal: controller.signal })) {
    if (event.type === 'step-end') console.log(`step ${event.step} done`);
  }
} catch (error) {
  if (!controller.signal.aborted) throw error;
  console.log('stopped');
}
await model.dispose();
