import { classesOf } from '@tessera/format';
import { describe, expect, test } from 'vitest';
import { FAKE_MANIFEST } from '../../evaluation-report/src/testing/fake-loaded-model.js';
import { parseClassLabels, parseIndices } from './parse-class-labels.js';
import { picturesFor } from './picture-options.js';

const classes = classesOf(FAKE_MANIFEST);

describe('classes', () => {
  test('are found by name, number, synonym and in any case, alone or by comma', () => {
    expect(parseClassLabels(classes, [])).toEqual([0, 1, 2]);
    expect(parseClassLabels(classes, ['CAFÉ, cat', '0'])).toEqual([0, 2]);
    expect(parseClassLabels(classes, ['vulpes vulpes'])).toEqual([1]);
    expect(parseClassLabels(classes, ['red fox, Vulpes vulpes'])).toEqual([1]);
  });

  test('are found whether an accented letter is one character or two, in the name or in the word', () => {
    const [composed, decomposed] = ['CAFÉ', 'cafe\u0301, Kaffee'];
    expect(parseClassLabels(classes, [composed.normalize('NFD')])).toEqual([2]);
    const manifest = { kind: 'class' as const, count: 2, names: ['tea', decomposed] };
    for (const word of [composed, 'cafe\u0301', 'café, Kaffee'])
      expect(parseClassLabels(manifest, [word])).toEqual([1]);
  });

  test('that are unknown get the list of those there are', () => {
    expect(() => parseClassLabels(classes, ['dog'])).toThrow(
      /no class "dog".*\n {2}0 {2}cat\n {2}1 {2}red fox/,
    );
    expect(() => parseClassLabels(classes, ['3'])).toThrow(/no class "3"/);
  });

  test('that are none at all are not taken for all, or for none', () => {
    for (const word of ['', ',', ' , '])
      expect(() => parseClassLabels(classes, [word])).toThrow('names no class');
  });

  test('are found by the name that fits best, and a name of several is asked about', () => {
    const names = ['crane, bird', 'crane', 'Cardigan, dog', 'cardigan', 'crane, machine', 'bird'];
    const several = { kind: 'class', count: names.length, names } as const;
    expect(parseClassLabels(several, ['crane', 'CARDIGAN', 'dog', 'bird'])).toEqual([1, 2, 3, 5]);
    const two = { ...several, count: 3, names: ['crane, bird', 'crane, machine', 'fish'] };
    expect(() => parseClassLabels(two, ['crane'])).toThrow(
      /several classes.*\n {2}0 {2}crane, bird\n {2}1 {2}crane, machine/,
    );
    expect(parseClassLabels(two, ['machine'])).toEqual([1]);
  });

  test('without names are found by number, and by what they are called without', () => {
    const nameless = { kind: 'class', count: 3 } as const;
    expect(parseClassLabels(nameless, ['2', 'class 1'])).toEqual([1, 2]);
  });
});

test('indices are numbers and ranges', () => {
  expect(parseIndices('37,0-3, 2')).toEqual([0, 1, 2, 3, 37]);
  for (const wrong of ['', 'x', '3-1', '-1', '1.5']) expect(() => parseIndices(wrong)).toThrow(/--index/);
});

test('more pictures than can be listed are refused, however they are asked for', async () => {
  for (const index of ['0-999999999', '0-60000,70000-140000']) {
    expect(() => parseIndices(index)).toThrow(expect.objectContaining({ code: 'usage' }));
  }
  const io = { signal: new AbortController().signal };
  await expect(picturesFor({ count: 1e9, seed: 1 }, FAKE_MANIFEST, [], io, { warn() {} })).rejects.toThrow(
    expect.objectContaining({ code: 'usage', message: expect.stringContaining('100,000 are the most') }),
  );
});
