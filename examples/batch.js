// Several images at once, one of them again alone: the same picture, since noise is keyed by (seed, imageIndex).
import { generate } from '@tessera/core';
import { gtr } from '@tessera/gtr';
import { modelFolder } from '@tessera/model-tiny';
import { loadModel, writePng } from '@tessera/runtime-node';

const model = await loadModel(modelFolder);
const policy = gtr('gradual');
const requests = [0, 3, 6, 9].map((classLabel, index) => ({
  seed: 11,
  imageIndex: index,
  input: { classLabel },
}));
for await (const event of generate({ model, requests, policy })) {
  if (event.type === 'step-end') console.log(`step ${event.step}: ${event.batch[0]?.plan.stage}`);
  if (event.type === 'image') await writePng(`batch-${event.batchIndex}.png`, event.image);
}

const alone = [{ seed: 11, imageIndex: 2, input: { classLabel: 6 } }];
for await (const event of generate({ model, requests: alone, policy })) {
  if (event.type === 'image') await writePng('batch-2-alone.png', event.image);
}
await model.dispose();
