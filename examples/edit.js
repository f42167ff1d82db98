// Renews the left half of a picture: the tokens of the right half are given, so the policy plans only the others.
import { generate } from '@tessera/core';
import { gtr } from '@tessera/gtr';
import { modelFolder } from '@tessera/model-tiny';
import { loadModel, writePng } from '@tessera/runtime-node';

const model = await loadModel(modelFolder);
const input = { classLabel: 10 };

/** @param {import('@tessera/core').ImageRequest<import('@tessera/core').ClassInput>} image */
async function draw(image) {
  for await (const event of generate({ model, requests: [image], policy: gtr('gradual') })) {
    if (event.type === 'image') return event;
  }
  throw new Error('no image');
}

const first = await draw({ seed: 3, input });
await writePng('edit-before.png', first.image);
const known = first.grid.known.map((_, position) =>
  position % model.shape.width >= model.shape.width / 2 ? 1 : 0,
);
const second = await draw({ seed: 4, input, start: { ...first.grid, known } });
await writePng('edit-after.png', second.image);
await model.dispose();
