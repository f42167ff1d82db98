// A sampling policy of one's own: rings from the centre outwards, fewer diffusion steps the farther out.
import { generateImages, loadModel, modelFolder, plannedPolicy, stepPlan, writePng } from 'tessera';
import { checkPolicy } from 'tessera/testing';

const rings = plannedPolicy('rings', function* ({ shape: { height, width } }) {
  const positions = [...Array(height * width).keys()];
  const ringOf = (p) =>
    Math.max(Math.abs(2 * Math.floor(p / width) + 1 - height), Math.abs(2 * (p % width) + 1 - width)) >> 1;
  for (let ring = 0; ring < Math.max(height, width) / 2; ring++) {
    const members = positions.filter((p) => ringOf(p) === ring);
    yield stepPlan('generation', members, Math.max(20, 50 - 5 * ring));
  }
});

for (const { severity, message } of await checkPolicy(rings)) console.log(`${severity}: ${message}`);
const model = await loadModel(modelFolder);
const [{ image }] = await generateImages({
  model,
  requests: [{ seed: 1, input: { classLabel: 0 } }],
  policy: rings,
});
await writePng('rings.png', image);
await model.dispose();
