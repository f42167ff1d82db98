// Draws several images at once, then one of them alone: it is the same picture, since noise is keyed by (seed, imageIndex).
import { generate, loadModel, modelFolder, writePng } from 'tessera';

const model = await loadModel(modelFolder);
const requests = [0, 3, 6, 9].map((classLabel, imageIndex) => ({
  seed: 11,
  imageIndex,
  input: { classLabel },
}));
for await (const event of generate({ model, requests })) {
  if (event.type === 'step-end') console.log(`step ${event.step}: ${event.batch[0]?.plan.stage}`);
  if (event.type === 'image') await writePng(`batch-${event.batchIndex}.png`, event.image);
}

for await (const event of generate({ model, requests: [requests[2]] })) {
  if (event.type === 'image') await writePng('batch-2-alone.png', event.image);
}
await model.dispose();
