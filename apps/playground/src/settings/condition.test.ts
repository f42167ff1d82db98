import { readFile } from 'node:fs/promises';
import { parseManifest } from '@tessera/format';
import { modelFolder } from '@tessera/model-tiny';
import { describe, expect, it } from 'vitest';
import { EMBEDDED_FACTS } from '../model-loading/model-facts.js';
import {
  type Condition,
  conditionOf,
  conditionPhrase,
  conditionTitle,
  pictureOf,
  requestOf,
} from './condition.js';

const classModel = parseManifest(await readFile(new URL('mar.json', modelFolder), 'utf8'));
const conditions: readonly (readonly [Condition, number, object, string, string])[] = [
  [{ kind: 'class', classLabel: 3 }, 3, { classLabel: 3 }, 'mushroom', 'a mushroom'],
  [{ kind: 'text', prompt: 'two foxes' }, 0, { prompt: 'two foxes' }, 'two foxes', '“two foxes”'],
  [
    { kind: 'text', prompt: 'a cat', negativePrompt: 'snow' },
    0,
    { prompt: 'a cat', negativePrompt: 'snow' },
    'a cat',
    '“a cat”',
  ],
];

describe.each(conditions)('%j', (condition, imageIndex, input, title, phrase) => {
  const facts = EMBEDDED_FACTS[condition.kind];

  it('asks for one picture, of the index that the command line gives it', () => {
    expect(requestOf(condition)).toEqual({ imageIndex, input });
    const picture = pictureOf(condition, { ...classModel, ...facts });
    expect(picture.index).toBe(imageIndex);
    expect(conditionOf(picture)).toEqual(condition);
  });

  it('is said in words', () => {
    expect(conditionTitle(condition, facts)).toBe(title);
    expect(conditionPhrase(condition, facts)).toBe(phrase);
  });
});

it('asks no class of a model that takes text', () => {
  expect(() => pictureOf({ kind: 'class', classLabel: 3 }, EMBEDDED_FACTS.text)).toThrow(/takes classes/);
});
