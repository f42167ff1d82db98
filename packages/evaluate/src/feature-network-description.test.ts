import { createHash } from 'node:crypto';
import { type ImageRgb, keyedNoise } from '@tessera/core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { FeatureNetwork } from './feature-network.js';
import {
  type FeatureNetworkDescription,
  featureNetworkReference,
  parseFeatureNetwork,
} from './feature-network-description.js';
import { type FrechetReference, frechetDistance, frechetReference } from './frechet-distance.js';
import { FeatureNetworkError } from './network-description.js';
import type { ReferencePictures } from './reference-pictures.js';
import { blurred, noisy, withSwappedTokens } from './testing/corruption.js';
import { networkFile, openNetwork, realPictures } from './testing/network-files.js';

let description: FeatureNetworkDescription;
let network: FeatureNetwork;
let reference: ReferencePictures;
let real: ImageRgb[];
/** The reference without the pictures that are damaged here. */
let others: FrechetReference;
/** Of the real pictures as they are. */
let undamaged: number;

beforeAll(async () => {
  ({ description, network, reference } = await openNetwork());
  real = realPictures();
  const { features, width } = reference;
  others = frechetReference(features.subarray(real.length * width), width);
  undamaged = await distanceOf((image) => image);
});

const distanceOf = async (damage: (image: ImageRgb, k: number) => ImageRgb): Promise<number> => {
  const { features } = await network.extract(real.map(damage));
  return frechetDistance(features, others);
};

describe('the feature network', () => {
  it('has the files that its description tells of', () => {
    for (const { path, bytes, sha256 } of [description.graph, description.reference]) {
      const file = networkFile(path);
      expect(file.length).toBe(bytes);
      expect(createHash('sha256').update(file).digest('hex')).toBe(sha256);
    }
  });

  it('sees in real pictures what its reference says', async () => {
    const { features, classes } = await network.extract(real);
    const kept = reference.features.subarray(0, features.length);
    const scale = Math.sqrt(kept.reduce((sum, value) => sum + value * value, 0) / kept.length);
    // Half floats keep 11 bits.
    for (const [i, value] of features.entries())
      expect(Math.abs(value - kept[i]!)).toBeLessThan(scale * 0.005);
    expect([...classes!]).toEqual([...reference.labels!.subarray(0, real.length)]);
  });

  it('puts stronger blur farther away', async () => {
    const distances = [undamaged];
    for (const sigma of [0.5, 1, 2]) distances.push(await distanceOf((image) => blurred(image, sigma)));
    expect(distances).toEqual(distances.toSorted((a, b) => a - b));
  });

  it('puts more swapped tokens farther away', async () => {
    const distances = [undamaged];
    for (const swaps of [1, 4, 16]) {
      distances.push(
        await distanceOf((image, k) => withSwappedTokens(image, swaps, keyedNoise({ seed: 1, image: k }))),
      );
    }
    expect(distances).toEqual(distances.toSorted((a, b) => a - b));
  });

  it('puts stronger noise farther away', async () => {
    const distances = [undamaged];
    for (const deviation of [12, 24]) {
      distances.push(
        await distanceOf((image, k) => noisy(image, deviation, keyedNoise({ seed: 2, image: k }))),
      );
    }
    expect(distances).toEqual(distances.toSorted((a, b) => a - b));
  });

  it('names the damage that it sees', async () => {
    const seen = async (damage: (image: ImageRgb, k: number) => ImageRgb): Promise<Map<string, number>> => {
      const { damages } = await network.extract(real.slice(0, 60).map(damage));
      const names = network.damageNames!;
      return new Map(
        names.map((name, kind) => [name, damages!.filter((found) => found === kind).length / 60]),
      );
    };
    expect((await seen((image) => image)).get('none')).toBeGreaterThan(0.95);
    expect((await seen((image) => blurred(image, 1.5))).get('blur')).toBeGreaterThan(0.9);
    const swapped = await seen((image, k) => withSwappedTokens(image, 16, keyedNoise({ seed: 1, image: k })));
    expect(swapped.get('swapped tokens')).toBeGreaterThan(0.75);
  });
});

describe('parseFeatureNetwork', () => {
  it('refuses what is no feature network, naming what is wrong', () => {
    const valid = JSON.parse(networkFile('feature-network.json').toString()) as Record<string, unknown>;
    expect(() => parseFeatureNetwork('{')).toThrow(FeatureNetworkError);
    expect(() => parseFeatureNetwork(JSON.stringify({ ...valid, version: 2 }))).toThrow(/version/);
    const { reference: _, ...without } = valid;
    expect(() => parseFeatureNetwork(JSON.stringify(without))).toThrow(/reference/);
  });
});

describe('featureNetworkReference', () => {
  it('reads half floats, subnormal ones too', () => {
    const { network, reference } = description;
    const { width } = network.features;
    const halves = new Uint16Array(2 * width);
    halves.set([0x3c00, 0xc000, 0x3555, 0x0001, 0x83ff, 0x7bff]);
    const { features, labels } = featureNetworkReference(
      { ...description, reference: { ...reference, count: 2 } },
      halves,
    );
    const expected = [1, -2, 1365 / 4096, 2 ** -24, -1023 * 2 ** -24, 65504, 0];
    expect([...features.subarray(0, 7)]).toEqual(expected);
    expect([...labels!]).toEqual([0, 1]);
  });

  it('refuses a file of another length', () => {
    expect(() => featureNetworkReference(description, new Uint16Array(10))).toThrow(/\[6000, 128\]/);
  });
});
