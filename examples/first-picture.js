// A picture of a cat in ten lines.
import { generateImages, gtr, loadModel, modelFolder, writePng } from 'tessera';

const model = await loadModel(modelFolder);
const requests = [{ seed: 7, input: { classLabel: 6 } }];
const drawn = await generateImages({ model, requests, policy: gtr('gradual') });
for (const { image } of drawn) await writePng('cat.png', image);
await model.dispose();
