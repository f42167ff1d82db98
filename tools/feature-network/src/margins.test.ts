import type { ImageRgb } from '@tessera/core';
import {
  frechetDistance,
  frechetReference,
  kernelDistance,
  kernelReference,
  manifoldOf,
  precisionAndRecall,
} from '@tessera/evaluate';
import { modelFolder } from '@tessera/model-tiny';
import { loadModel } from '@tessera/runtime-node';
import { expect, it } from 'vitest';
import { openNetwork, realPictures } from '../../../packages/evaluate/src/testing/network-files.js';
import { MARGINS } from './margins.js';

it('the feature network’s margins are half of what the autoencoder of the embedded model costs, and all of that in recall', async () => {
  const { description, network, reference } = await openNetwork();
  expect(description.margins).toEqual(MARGINS);
  const { width } = reference;
  const real = realPictures();
  // The other real pictures: the first are those that are coded.
  const features = reference.features.subarray(real.length * width);
  const frechet = frechetReference(features, width);
  const kernel = kernelReference(features, width, { labels: reference.labels!.subarray(real.length) });
  const labels = reference.labels!.subarray(0, real.length);
  // Recall is taken against as many real pictures.
  const side = real.length * width;
  const sides = Array.from({ length: features.length / side }, (_, k) =>
    manifoldOf(features.subarray(k * side, (k + 1) * side), width),
  );
  const score = async (pictures: readonly ImageRgb[]) => {
    const seen = (await network.extract(pictures)).features;
    const manifold = manifoldOf(seen, width);
    const recalls = sides.map((side) => precisionAndRecall(manifold, side).recall);
    return {
      frechet: frechetDistance(seen, frechet),
      kid: kernelDistance(seen, kernel, { labels }),
      recall: recalls.reduce((sum, recall) => sum + recall, 0) / sides.length,
    };
  };
  const model = await loadModel(modelFolder, { device: 'cpu' });
  const coded = await score(await model.decode(await model.encode(real))).finally(() => model.dispose());
  const floor = await score(real);
  for (const metric of ['frechet', 'kid'] as const) {
    expect(Number(((coded[metric] - floor[metric]) / 2).toPrecision(2))).toBe(MARGINS[metric]);
  }
  expect(Number((floor.recall - coded.recall).toPrecision(2))).toBe(MARGINS.recall);
});
