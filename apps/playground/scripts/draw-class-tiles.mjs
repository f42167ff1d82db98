// Draws src/class-tiles.webp, a strip with a picture of each class, from the embedded model: run it when the model changes.
//   node scripts/draw-class-tiles.mjs [seed]
import { writeFile } from 'node:fs/promises';
import { generateImages } from '@tessera/core';
import { gtr } from '@tessera/gtr';
import { modelFolder } from '@tessera/model-tiny';
import { loadModel } from '@tessera/runtime-node';
import { chromium } from 'playwright-core';

const seed = Number(process.argv[2] ?? 3);
const model = await loadModel(modelFolder);
const pictures = [];
for (let classLabel = 0; classLabel < model.manifest.condition.count; classLabel++) {
  const requests = [{ seed, imageIndex: classLabel, input: { classLabel } }];
  const [{ image }] = await generateImages({ model, requests, policy: gtr('32') });
  pictures.push({ ...image, data: [...image.data] });
}
await model.dispose();

const browser = await chromium.launch({
  executablePath: process.env.TESSERA_BROWSER ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
const page = await browser.newPage();
const address = await page.evaluate((all) => {
  const { width, height } = all[0];
  const canvas = Object.assign(document.createElement('canvas'), { width: width * all.length, height });
  const context = canvas.getContext('2d');
  for (const [place, { data }] of all.entries()) {
    const pixels = context.createImageData(width, height);
    for (let i = 0; i < width * height; i++)
      pixels.data.set([data[3 * i], data[3 * i + 1], data[3 * i + 2], 255], 4 * i);
    context.putImageData(pixels, place * width, 0);
  }
  return canvas.toDataURL('image/webp', 0.82);
}, pictures);
await browser.close();
await writeFile(
  new URL('../src/class-tiles.webp', import.meta.url),
  Buffer.from(address.split(',')[1], 'base64'),
);
