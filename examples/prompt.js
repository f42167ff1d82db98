// Draws what a prompt says and writes it as a PNG.
import { generateImages, loadModel, textModelFolder, writePng } from 'tessera';

const model = await loadModel(textModelFolder);
const requests = [{ seed: 7, input: { prompt: 'a red fox on snow' } }];
const [fox] = await generateImages({ model, requests });
await writePng('fox.png', fox.image);
await model.dispose();
