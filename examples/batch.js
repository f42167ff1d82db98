// Several images at once, one of them again alone: the same picture, since noise is keyed by (seed, index).
import { generate } from '@tessera/core';
import { gtr } from '@tessera/gtr';
import { modelFolder } from '@tessera/model-tiny';
import { loadModel, writePng } from '@tessera/runtime-node';

const model = await loadModel(modelFolder);
const policy = gtr('gradual');
const images = [0, 3, 6, 9].map((classLabel, index) => ({ seed: 11, index, input: { classLabel } }));
for await (const event of generate({ model, images, policy })) {
  if (event.type === 'step-end') console.log(`step ${event.index}: ${event.images[0]?.plan.stage}`);
  if (event.type === 'image') await writePng(`batch-${event.place}.png`, event.image);
}

const alone = [{ seed: 11, index: 2, input: { classLabel: 6 } }];
for await (const event of generate({ model, images: alone, policy })) {
  if (event.type === 'image') await writePng('batch-2-alone.png', event.image);
}
await model.dispose();
