import { compare } from '@tessera/evaluation-report';
import { classesOf, parseSpec, picturesOf, resolveSampling } from '@tessera/format';
import { expect, test } from 'vitest';
import { FAKE_MANIFEST, fakeLoadedModel } from '../../evaluation-report/src/testing/fake-loaded-model.js';
import { summarize, summaryTable } from './comparison-report.js';

const variants = ['mar:4x5', 'raster:2x3'].map((name) => ({
  name,
  sampling: resolveSampling(parseSpec(name), FAKE_MANIFEST.sampling),
}));

test('every variant makes every picture, the variants in turn, and each is reported', async () => {
  const seen: string[] = [];
  const compared = await compare({
    model: fakeLoadedModel(),
    variants,
    seed: 1,
    pictures: picturesOf(classesOf(FAKE_MANIFEST), [0, 2], 1),
    signal: new AbortController().signal,
    onPicture: ({ variant, picture, done, total }) =>
      seen.push(`${done}/${total} ${variant} ${picture.index}`),
  });
  expect(seen).toEqual(['1/4 mar:4x5 0', '2/4 raster:2x3 0', '3/4 raster:2x3 2', '4/4 mar:4x5 2']);
  expect(compared.map(({ runs: trials }) => trials.map(({ picture }) => picture.index))).toEqual([
    [0, 2],
    [0, 2],
  ]);
  const [first, second] = summarize(compared);
  expect(first).toMatchObject({ steps: 4, transformerPasses: 8, headEvaluations: 64 * 5 * 2, ratio: 1 });
  expect(second).toMatchObject({ steps: 2, transformerPasses: 4, headEvaluations: 64 * 3 * 2 });
  const lines = summaryTable([first!, second!]);
  expect(lines).toHaveLength(3);
  expect(lines[1]).toContain('640');
});

test('a stop ends a comparison', async () => {
  const controller = new AbortController();
  const run = compare({
    model: fakeLoadedModel(),
    variants,
    seed: 1,
    pictures: picturesOf(classesOf(FAKE_MANIFEST), [0, 1], 1),
    signal: controller.signal,
    onPicture: () => controller.abort(new Error('enough')),
  });
  await expect(run).rejects.toThrow('enough');
});
