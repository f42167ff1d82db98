import { cpSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateImages, randomOrder } from '@tessera/core';
import { loadModel } from '@tessera/runtime-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeSmallModel } from '../../runtime-web/src/testing/host/model-folders.js';
import { graphFiles } from './graph-files.js';

let place: string;
beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'tessera-links-'));
  await writeSmallModel(join(place, 'plain'));
});
afterAll(() => rmSync(place, { recursive: true }));

/** The model where each file is a link to one elsewhere, of another name, as git-annex and the cache of a hub have them. */
function linked(name: string, rename: (file: string) => string): string {
  const folder = join(place, name);
  cpSync(join(place, 'plain'), folder, { recursive: true });
  const store = join(place, `${name}-store`);
  mkdirSync(store);
  for (const file of readdirSync(join(folder, 'onnx'))) {
    renameSync(join(folder, 'onnx', file), join(store, rename(file)));
    symlinkSync(join(store, rename(file)), join(folder, 'onnx', file));
  }
  return folder;
}

it.each([
  ['the same names', (file: string) => file],
  ['other names', (file: string) => `blob-${file.replaceAll('.', '-')}`],
])('loads a model whose files are links out of its folder, to %s', async (name, rename) => {
  const policy = randomOrder({ steps: 1, diffusionSteps: 2 });
  const requests = [{ seed: 1, input: { classLabel: 1 } }];
  const images = [];
  for (const folder of [join(place, 'plain'), linked(name.replaceAll(' ', '-'), rename)]) {
    const model = await loadModel(folder, { device: 'cpu', threads: 1 });
    images.push((await generateImages({ model, requests, policy }))[0]!.image);
    await model.dispose();
  }
  expect(images[1]).toEqual(images[0]);
});

it('leaves weights that lie beside their graph to ONNX Runtime', async () => {
  const component = { path: 'onnx/transformer.onnx', data: ['onnx/transformer.onnx_data'] };
  expect(await graphFiles(join(place, 'plain'), component)).toEqual({
    graph: join(place, 'plain', component.path),
    externalData: {},
  });
});
