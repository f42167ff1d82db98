// Draws one cat with GtR + FTS and writes it as a PNG.
import { generateImages } from '@tessera/core';
import { gtr } from '@tessera/gtr';
import { modelFolder } from '@tessera/model-tiny';
import { loadModel, writePng } from '@tessera/runtime-node';

const model = await loadModel(modelFolder);
const requests = [{ seed: 7, input: { classLabel: 6 } }];
const drawn = await generateImages({ model, requests, policy: gtr('gradual') });
for (const { image } of drawn) await writePng('cat.png', image);
await model.dispose();
