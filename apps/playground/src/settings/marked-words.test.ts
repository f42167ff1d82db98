import { expect, it } from 'vitest';
import { markedWords } from './marked-words.js';

it('marks whole words, each time they come, and leaves the text as it is', () => {
  const text = 'a blorb, two blorbs and\n(a blorb) über';
  const pieces = markedWords(text, ['blorb', 'über']);
  expect(pieces.map((piece) => piece.text).join('')).toBe(text);
  expect(pieces.filter(({ marked }) => marked).map((piece) => piece.text)).toEqual([
    'blorb',
    'blorb',
    'über',
  ]);
  expect(markedWords('', ['a'])).toEqual([]);
});
