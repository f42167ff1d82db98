// Repaints the left half of a picture and paints around it. Every pixel of the right half keeps its bytes.
import { editImage, generateImages } from '@tessera/core';
import { gtr } from '@tessera/gtr';
import { modelFolder } from '@tessera/model-tiny';
import { loadModel, writePng } from '@tessera/runtime-node';

const model = await loadModel(modelFolder);
const policy = gtr('gradual');
const input = { classLabel: 10 };

const [first] = await generateImages({ model, requests: [{ seed: 3, input }], policy });
await writePng('edit-before.png', first.image);

// White is repainted.
const { image } = first;
const data = Uint8Array.from({ length: image.width * image.height }, (_, i) =>
  i % image.width < image.width / 2 ? 255 : 0,
);
const mask = { width: image.width, height: image.height, data };
const [edited] = await editImage({ model, image, mask, seed: 4, input, policy });
await writePng('edit-after.png', edited.image);

const margins = { left: 16, right: 16 };
const [wider] = await editImage({ model, image, outpaint: margins, seed: 5, input, policy });
await writePng('edit-wider.png', wider.image);
await model.dispose();
