// Draws a cat as the model advises and writes it as a PNG.
import { generateImages, loadModel, modelFolder, writePng } from 'tessera';

const model = await loadModel(modelFolder);
const requests = [{ seed: 7, input: { classLabel: 6 } }];
const [cat] = await generateImages({ model, requests });
await writePng('cat.png', cat.image);
await model.dispose();
