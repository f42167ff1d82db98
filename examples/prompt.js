// Draws what a prompt says and writes it as a PNG.
import { generateImages, loadModel, textModelFolder, writePng } from 'tessera';

const model = await loadModel(textModelFolder);
const requests = [{ seed: 7, input: { prompt: 'a burger on a blue background' } }];
const [burger] = await generateImages({ model, requests });
await writePng('burger.png', burger.image);
await model.dispose();
