import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AskedPrompts } from '@tessera/evaluate';
import { type Manifest, parseRecipe, parseSpec, resolveSampling } from '@tessera/format';
import { fakeTextModel } from '@tessera/onnx/testing';
import type { Device } from '@tessera/runtime-node';
import { describe, expect, test } from 'vitest';
import { describeModel } from './environment.js';
import { evaluateInFolder, type FolderEvaluationOptions } from './evaluate-in-folder.js';
import { readPng } from './files/png-file.js';
import { reportText } from './report-text.js';
import { subjectsOf } from './subjects.js';
import { FAKE_MANIFEST } from './testing/fake-loaded-model.js';
import { temporaryFolder } from './testing/temporary-folder.js';
import { writeEvaluation } from './write-evaluation.js';

const MANIFEST: Manifest = {
  ...FAKE_MANIFEST,
  name: 'fake-text',
  condition: { kind: 'text', length: 4, width: 8 },
};
const PROMPTS: AskedPrompts = {
  skills: ['single object', 'counting'],
  things: [{ name: 'fox', colour: null }],
  prompts: [
    { text: 'a fox', wanted: [{ thing: 0 }], heldOut: false },
    { text: 'two foxes', wanted: [{ thing: 0 }], count: 2, heldOut: true },
  ],
};

/** A model that takes prompts, and counts what it draws. */
async function textModel() {
  const fake = fakeTextModel<Device>(MANIFEST);
  let drawn = 0;
  const used = await describeModel(
    {
      ...fake,
      decode(...request: Parameters<typeof fake.decode>) {
        drawn += request[0].length;
        return fake.decode(...request);
      },
    },
    'fake',
  );
  return { used, drawn: () => drawn };
}

/** Finds a fox in every picture. */
const network = {
  name: 'foxes',
  width: 3,
  async extract(images: readonly { readonly data: Uint8Array }[]) {
    return {
      features: Float32Array.from(images.flatMap(({ data }) => [...data.subarray(0, 3)])),
      classes: null,
      damages: null,
      things: images.map(() => [{ thing: 0, colour: null, size: 'big', row: 3, column: 5 }]),
    };
  },
};

const optionsFor = (
  { used }: Awaited<ReturnType<typeof textModel>>,
  folder: string,
  prompts = PROMPTS,
): FolderEvaluationOptions => ({
  used,
  variants: ['mar:4x2', 'raster:4x2'].map((name) => ({
    name,
    sampling: resolveSampling(parseSpec(name), MANIFEST.sampling),
  })),
  ...{ n: 12, seed: 1, batch: 4, folder, resamples: 100 },
  loaded: { network, key: 'foxes', prompts },
  reference: {
    name: 'numbers',
    width: 3,
    features: Float32Array.from({ length: 60 * 3 }, (_, i) => (i * i * 37) % 251),
    labels: Int32Array.from({ length: 60 }, (_, i) => i % 2),
  },
  signal: new AbortController().signal,
  command: 'tessera evaluate --model embedded-text',
});

describe('an evaluation of prompts', () => {
  test('keeps pictures with their prompts, what was found in them, and draws none twice', async () => {
    const [model, folder] = [await textModel(), await temporaryFolder()];
    const first = await evaluateInFolder(optionsFor(model, folder));
    expect(model.drawn()).toBe(24);
    expect(first.document.arms[0]!.metrics.prompts).toMatchObject({
      skills: { 'single object': 1, counting: 0 },
      score: { value: 0.5 },
    });
    const [arm = ''] = await readdir(join(folder, 'arms'));
    const pictures = join(folder, 'arms', arm, 'pictures');
    expect((await readdir(pictures)).slice(0, 2)).toEqual(['00000-a-fox.png', '00001-two-foxes.png']);
    const { recipe } = await readPng(join(pictures, '00001-two-foxes.png'));
    expect(parseRecipe(`${recipe}`, '00001-two-foxes.png')).toMatchObject({
      images: [{ index: 1, prompt: 'two foxes' }],
    });

    const again = await evaluateInFolder(optionsFor(model, folder));
    expect(model.drawn()).toBe(24);
    expect(again.document.arms).toEqual(first.document.arms);
  });

  test('is not continued with other prompts', async () => {
    const [model, folder] = [await textModel(), await temporaryFolder()];
    await evaluateInFolder(optionsFor(model, folder));
    const others = { ...PROMPTS, prompts: [...PROMPTS.prompts].reverse() };
    await expect(evaluateInFolder(optionsFor(model, folder, others))).rejects.toMatchObject({
      code: 'evaluation-folder',
      message: expect.stringContaining('prompts: '),
    });
  });

  test('reports scores by skill, in the terminal and on the page', async () => {
    const [model, folder] = [await textModel(), await temporaryFolder()];
    const options = optionsFor(model, folder);
    const evaluation = await evaluateInFolder(options);
    const subjects = subjectsOf(MANIFEST, options.loaded);
    const wide = reportText(evaluation.document).join('\n');
    expect(wide).toMatch(/variant +overall, 95 % interval +single object +counting +seen +held out/);
    expect(wide).toMatch(/mar:4x2 +50\.0 % \[[\d., -]+\] +100\.0 % +0\.0 % +– +0\.0 %/);
    const narrow = reportText(evaluation.document, { columns: 70 });
    expect(narrow.join('\n')).toMatch(/single object +100\.0 % +100\.0 %/);
    const { page } = await writeEvaluation(folder, evaluation, { subjects, scale: 1 });
    const html = await readFile(page, 'utf8');
    expect(html).toContain('Scores by skill');
    expect(html).toContain('two foxes');
    expect(html).not.toMatch(/undefined|NaN|\[object/);
  });

  test('needs a network that comes with prompts', () => {
    expect(() => subjectsOf(MANIFEST, { network })).toThrow('foxes comes with none that it could check');
  });
});
