// Repaints the left half of a picture and paints around it. Every pixel of the right half keeps its bytes.
import { editImage, generateImages, loadModel, modelFolder, writePng } from 'tessera';

const model = await loadModel(modelFolder);
const input = { classLabel: 10 };

const [{ image }] = await generateImages({ model, requests: [{ seed: 3, input }] });
await writePng('edit-before.png', image);

// White is repainted. A mask of 2 × 2 pixels is stretched over the picture.
const mask = { width: 2, height: 2, data: Uint8Array.of(255, 0, 255, 0) };
const [edited] = await editImage({ model, image, mask, seed: 4, input });
await writePng('edit-after.png', edited.image);

const margins = { left: 16, right: 16 };
const [wider] = await editImage({ model, image, outpaint: margins, seed: 5, input });
await writePng('edit-wider.png', wider.image);
await model.dispose();
