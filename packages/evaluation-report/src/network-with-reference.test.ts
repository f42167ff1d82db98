import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GraphBuilder, saveGraph } from '@tessera/convert';
import type { ImageRgb } from '@tessera/core';
import { parseFeatureNetwork } from '@tessera/evaluate';
import { featureNetworkFolder } from '@tessera/evaluate/feature-network';
import type { Classes } from '@tessera/format';
import { describe, expect, test } from 'vitest';
import { loadNetwork } from './feature-network-file.js';
import { writePng } from './files/png-file.js';
import { loadNetworkWithReference } from './network-with-reference.js';
import { FAKE_MANIFEST } from './testing/fake-loaded-model.js';
import { temporaryFolder } from './testing/temporary-folder.js';

const networkPath = (file: string): string => join(fileURLToPath(featureNetworkFolder), file);
const network = parseFeatureNetwork(await readFile(networkPath('feature-network.json'), 'utf8'));
const classNames = network.network.classes!.names;
const networkClasses: Classes = { kind: 'class', count: classNames.length, names: [...classNames] };
/** A model of the network's classes. */
const ofItsClasses = { ...FAKE_MANIFEST, condition: networkClasses };
const picture: ImageRgb = {
  width: 64,
  height: 64,
  data: Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7) % 256),
};
const signal = new AbortController().signal;

/** A copy of the feature network's folder with one of its files changed. */
async function changedNetwork(path: string, change: (content: Buffer) => Buffer): Promise<string> {
  const folder = await temporaryFolder();
  for (const file of ['feature-network.json', network.graph.path, network.reference.path]) {
    const content = await readFile(networkPath(file));
    await writeFile(join(folder, file), file === path ? change(content) : content);
  }
  return folder;
}

/** The feature network's graph as a network of one's own. */
async function ownNetwork(name: string): Promise<string> {
  const folder = await temporaryFolder();
  await copyFile(networkPath(network.graph.path), join(folder, `${name}.onnx`));
  await writeFile(join(folder, `${name}.json`), JSON.stringify({ ...network.network, name: 'mine' }));
  return folder;
}

describe('a feature network', () => {
  test('is the built-in one where none is named, with its real pictures', async () => {
    const { network: extractor, reference, classNames: names, key } = await loadNetwork();
    // Features are kept under it: another one would have every kept picture seen again.
    expect(key).toBe('1fcf71765a90');
    expect([extractor.name, names]).toEqual([network.network.name, classNames]);
    expect(reference!.features.length).toBe(network.reference.count * extractor.width);
  });

  test('is a graph and its description, or a folder with both', async () => {
    const expected = await (await loadNetwork()).network.extract([picture]);
    const byFile = await loadNetwork(join(await ownNetwork('net'), 'net.onnx'));
    const byFolder = await loadNetwork(await ownNetwork('network'));
    expect(byFile.network.name).toBe('mine');
    expect(byFile.reference).toBeUndefined();
    expect(await byFile.network.extract([picture])).toEqual(expected);
    expect(byFolder.key).toBe(byFile.key);
    expect(byFolder.key).not.toBe((await loadNetwork()).key);
  });

  test('is refused where a file of the feature network is not the one that it describes', async () => {
    await expect(loadNetwork(await changedNetwork('', (content) => content))).resolves.toBeDefined();
    const flipped = (content: Buffer): Buffer => {
      content[content.length >> 1]! ^= 1;
      return content;
    };
    for (const path of [network.graph.path, network.reference.path]) {
      const refusal = loadNetwork(await changedNetwork(path, flipped));
      await expect(refusal).rejects.toMatchObject({
        code: 'feature-network',
        problems: [expect.stringContaining(`the SHA-256 of ${path} is `), expect.any(String)],
      });
    }
    const shorter = await changedNetwork(network.reference.path, (content) => content.subarray(0, -256));
    await expect(loadNetwork(shorter)).rejects.toThrow(/has \d+ bytes, and its description says/);
  });

  test('is found in a folder under the name and format of the first descriptions', async () => {
    const folder = await changedNetwork('', (content) => content);
    const described = JSON.parse(await readFile(join(folder, 'feature-network.json'), 'utf8')) as object;
    await writeFile(join(folder, 'judge.json'), JSON.stringify({ ...described, format: 'tessera-judge' }));
    await rm(join(folder, 'feature-network.json'));
    expect((await loadNetwork(folder)).key).toBe((await loadNetwork()).key);
  });

  test('without its description, or that is not there, is told', async () => {
    const folder = await temporaryFolder();
    await expect(loadNetwork(join(folder, 'net.onnx'))).rejects.toThrow('There is no feature network at');
    await copyFile(networkPath(network.graph.path), join(folder, 'net.onnx'));
    await expect(loadNetwork(join(folder, 'net.onnx'))).rejects.toThrow(/there is no .*net\.json/);
    await writeFile(join(folder, 'net.json'), JSON.stringify(network.network));
    await expect(loadNetwork(join(folder, 'net.json'))).rejects.toMatchObject({
      code: 'evaluation-request',
      message: expect.stringContaining('net.json is no graph'),
    });
    await writeFile(join(folder, 'net.onnx'), 'no graph');
    await expect(loadNetwork(join(folder, 'net.onnx'))).rejects.toMatchObject({ code: 'feature-network' });
  });
});

/** A picture's pixels times weights that lie beside the graph. */
async function networkWithWeightsBeside(weight: number): Promise<string> {
  const folder = await temporaryFolder();
  const graph = new GraphBuilder('small');
  const pixels = graph.input('x', 'float32', ['B', 3, 1, 1]);
  const scale = graph.weight({
    name: 'scale',
    shape: [3, 1, 1],
    load: async () => new Float32Array(3).fill(weight),
  });
  const scaled = graph.op('Mul', [pixels, scale]);
  graph.output('f', graph.op('Flatten', [scaled]), 'float32', ['B', 3]);
  await saveGraph(graph, join(folder, 'network.onnx'), { storage: 'fp32', inlineLimit: 0 });
  const input = { name: 'x', width: 1, height: 1, layout: 'nchw', mean: [0, 0, 0], std: [1, 1, 1] };
  const description = { name: 'small', input, features: { output: 'f', width: 3 } };
  await writeFile(join(folder, 'network.json'), JSON.stringify(description));
  return folder;
}

describe('a graph with weights beside it', () => {
  const white: ImageRgb = { width: 1, height: 1, data: Uint8Array.of(255, 255, 255) };

  test('is run with them, and known by them too', async () => {
    const [two, three] = [await networkWithWeightsBeside(2), await networkWithWeightsBeside(3)];
    const [first, second, again] = [await loadNetwork(two), await loadNetwork(three), await loadNetwork(two)];
    expect([...(await first.network.extract([white])).features]).toEqual([2, 2, 2]);
    expect([...(await second.network.extract([white])).features]).toEqual([3, 3, 3]);
    expect(await readFile(join(two, 'network.onnx'))).toEqual(await readFile(join(three, 'network.onnx')));
    expect(second.key).not.toBe(first.key);
    expect(again.key).toBe(first.key);
  });

  test('is refused where they are missing', async () => {
    const folder = await networkWithWeightsBeside(2);
    await rm(join(folder, 'network.onnx_data'));
    await expect(loadNetwork(folder)).rejects.toMatchObject({
      code: 'feature-network',
      message: expect.stringContaining(join(folder, 'network.onnx')),
    });
  });
});

describe('what pictures are measured by', () => {
  test('is the feature network and its real pictures for a model of its classes', async () => {
    const { reference } = await loadNetworkWithReference({
      manifest: ofItsClasses,
      cacheFolder: 'unused',
      signal,
    });
    expect(reference.name).toBe(network.reference.name);
  });

  test('is not the feature network where a model has as many classes and no names for them', async () => {
    const unnamed: Classes = { kind: 'class', count: networkClasses.count };
    await expect(
      loadNetworkWithReference({
        manifest: { ...FAKE_MANIFEST, condition: unnamed },
        cacheFolder: 'unused',
        signal,
      }),
    ).rejects.toMatchObject({
      code: 'evaluation-request',
      message: expect.stringContaining('the classes of this model have no names'),
    });
  });

  test('needs real pictures where the network has none', async () => {
    const network = await ownNetwork('network');
    await expect(
      loadNetworkWithReference({ network, manifest: ofItsClasses, cacheFolder: 'unused', signal }),
    ).rejects.toThrow('mine comes without real pictures');
  });

  test('is the network of scenes, its prompts and their scenes for a model of prompts', async () => {
    const manifest = { name: 'fake-text', condition: { kind: 'text', length: 4, width: 8 } } as const;
    const asked = { manifest, cacheFolder: 'unused', signal };
    const { loaded, reference } = await loadNetworkWithReference(asked);
    expect(loaded.prompts).toMatchObject({ skills: { length: 6 }, prompts: { length: 1200 } });
    expect(reference).toMatchObject({ width: 128, features: { length: 2400 * 128 } });
    expect([...reference.labels!.subarray(0, 8)]).toEqual([0, 1, 2, 3, 4, 5, 0, 1]);
    await expect(loadNetworkWithReference({ ...asked, real: 'folder' })).rejects.toThrow(
      '--real is for models of classes',
    );
    const network = await ownNetwork('network');
    await expect(loadNetworkWithReference({ ...asked, network })).rejects.toThrow(
      'mine comes without real pictures. Leave --network out',
    );
  });

  test('is not the feature network for other classes, whatever real pictures there are, unless it is named', async () => {
    const real = await temporaryFolder();
    for (const name of ['a', 'b']) await writePng(join(real, `${name}.png`), picture);
    const asked = { real, manifest: FAKE_MANIFEST, cacheFolder: await temporaryFolder(), signal };
    await expect(loadNetworkWithReference(asked)).rejects.toMatchObject({
      code: 'evaluation-request',
      message: expect.stringContaining('not those of this model'),
    });
    await expect(
      loadNetworkWithReference({ ...asked, network: fileURLToPath(featureNetworkFolder) }),
    ).resolves.toBeDefined();
  });

  test('tells neither class nor damage, and has no margins, where the network knows other classes', async () => {
    const real = await temporaryFolder();
    for (const name of ['a', 'b']) await writePng(join(real, `${name}.png`), picture);
    const asked = {
      real,
      network: fileURLToPath(featureNetworkFolder),
      cacheFolder: await temporaryFolder(),
      signal,
    };
    const own = await loadNetworkWithReference({ ...asked, manifest: ofItsClasses });
    expect((await own.loaded.network.extract([picture])).classes).not.toBeNull();
    expect([own.loaded.margins, own.reference.damages]).toEqual([network.margins, expect.any(Object)]);
    const foreign = await loadNetworkWithReference({ ...asked, manifest: FAKE_MANIFEST });
    expect(await foreign.loaded.network.extract([picture])).toMatchObject({ classes: null, damages: null });
    expect(foreign.loaded.network).not.toHaveProperty('damageNames');
    expect([foreign.loaded.margins, foreign.reference.damages]).toEqual([undefined, undefined]);
    expect(foreign.loaded.key).not.toBe(own.loaded.key);
  });
});
