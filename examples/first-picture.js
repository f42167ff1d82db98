// Draws one cat with GtR + FTS and writes it as a PNG.
import { generate } from '@tessera/core';
import { gtr } from '@tessera/gtr';
import { modelFolder } from '@tessera/model-tiny';
import { loadModel, writePng } from '@tessera/runtime-node';

const model = await loadModel(modelFolder);
const images = [{ seed: 7, input: { classLabel: 6 } }];
for await (const event of generate({ model, images, policy: gtr('16') })) {
  if (event.type === 'image') await writePng('cat.png', event.image);
}
await model.dispose();
