import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ImageRgb } from '@tessera/core';
import { parseJudge } from '@tessera/evaluate';
import { judgeFolder } from '@tessera/evaluate/judge';
import type { Classes } from '@tessera/recipe';
import { describe, expect, test } from 'vitest';
import { writePng } from '../png-file.js';
import { FAKE_MANIFEST } from '../testing/fake-loaded-model.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { loadNetwork } from './feature-network-file.js';
import { judgingFor } from './judging.js';

const judgePath = (file: string): string => join(fileURLToPath(judgeFolder), file);
const judge = parseJudge(await readFile(judgePath('judge.json'), 'utf8'));
const judgeClasses: Classes = {
  kind: 'class',
  count: judge.network.classes.names.length,
  names: [...judge.network.classes.names],
};
const picture: ImageRgb = {
  width: 64,
  height: 64,
  data: Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7) % 256),
};
const signal = new AbortController().signal;

/** The judge's graph as a network of one's own. */
async function ownNetwork(name: string): Promise<string> {
  const folder = await temporaryFolder();
  await copyFile(judgePath(judge.graph.path), join(folder, `${name}.onnx`));
  await writeFile(join(folder, `${name}.json`), JSON.stringify({ ...judge.network, name: 'mine' }));
  return folder;
}

describe('a feature network', () => {
  test('is the judge where none is named, with its real pictures', async () => {
    const { network, reference, classNames } = await loadNetwork();
    expect([network.name, classNames]).toEqual([judge.network.name, judge.network.classes.names]);
    expect(reference!.features.length).toBe(judge.reference.count * network.width);
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

  test('without its description, or that is not there, is told', async () => {
    const folder = await temporaryFolder();
    await expect(loadNetwork(join(folder, 'net.onnx'))).rejects.toThrow('There is no feature network at');
    await copyFile(judgePath(judge.graph.path), join(folder, 'net.onnx'));
    await expect(loadNetwork(join(folder, 'net.onnx'))).rejects.toThrow(/there is no .*net\.json/);
  });
});

describe('what pictures are judged by', () => {
  test('is the judge and its real pictures for a model of its classes', async () => {
    const { reference } = await judgingFor({ classes: judgeClasses, cacheFolder: 'unused', signal });
    expect(reference.name).toBe(judge.reference.name);
  });

  test('needs real pictures where the network has none', async () => {
    const network = await ownNetwork('network');
    await expect(
      judgingFor({ network, classes: judgeClasses, cacheFolder: 'unused', signal }),
    ).rejects.toThrow('mine comes without real pictures');
  });

  test('does not tell classes that the network takes for others', async () => {
    const real = await temporaryFolder();
    await mkdir(join(real, 'cat'));
    for (const name of ['a', 'b']) await writePng(join(real, 'cat', `${name}.png`), picture);
    const cacheFolder = await temporaryFolder();
    const own = await judgingFor({ real, classes: judgeClasses, cacheFolder, signal });
    expect((await own.loaded.network.extract([picture])).classes).not.toBeNull();
    const foreign = await judgingFor({ real, classes: FAKE_MANIFEST.condition, cacheFolder, signal });
    expect((await foreign.loaded.network.extract([picture])).classes).toBeNull();
    expect(foreign.loaded.key).not.toBe(own.loaded.key);
  });
});
