import type { Manifest } from '@tessera/format';
import { expect, test } from 'vitest';
import { picturesFor } from './picture-options.js';

const { signal } = new AbortController();
const model = (count: number) => ({ name: 'fake', condition: { kind: 'class', count } }) as Manifest;
const many = model(1000);
const flags = { count: 1, seed: 1 };

async function labels(
  given: Parameters<typeof picturesFor>[0],
  manifest: Manifest,
  ask?: (question: string) => Promise<string>,
) {
  const warnings: string[] = [];
  const output = { warn: (line: string) => warnings.push(line) };
  const pictures = await picturesFor(given, manifest, [], { signal, ...(ask ? { ask } : {}) }, output);
  return {
    labels: pictures.map((picture) => ('classLabel' in picture ? picture.classLabel : undefined)),
    warnings,
  };
}

test('all of few classes are drawn where none is named', async () => {
  expect(await labels(flags, model(12))).toEqual({
    labels: Array.from({ length: 12 }, (_, label) => label),
    warnings: [],
  });
});

test('eight of many classes are drawn where nobody can be asked, or nothing is answered, and that is said', async () => {
  const few = {
    labels: [0, 125, 250, 375, 500, 625, 750, 875],
    warnings: [expect.stringMatching(/1,000 classes, and none is named: these are 8 of them\. --class/)],
  };
  expect(await labels(flags, many)).toEqual(few);
  expect(await labels(flags, many, async () => ' ')).toEqual(few);
  expect(await labels({ ...flags, json: true }, many, async () => '7')).toEqual(few);
});

test('whoever sits at the terminal is asked for some of many classes', async () => {
  const questions: string[] = [];
  const ask = async (question: string): Promise<string> => {
    questions.push(question);
    return '7,9';
  };
  expect(await labels(flags, many, ask)).toEqual({ labels: [7, 9], warnings: [] });
  expect(questions).toEqual([expect.stringMatching(/1,000 classes\. Which/)]);
  expect((await labels({ ...flags, class: ['all'] }, many, ask)).labels).toHaveLength(1000);
  expect(questions).toHaveLength(1);
});
