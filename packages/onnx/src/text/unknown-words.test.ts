import { Tokenizer } from '@huggingface/tokenizers';
import { expect, it } from 'vitest';
import { unknownWords } from './unknown-words.js';

const LETTERS = [...'abcdefghijklmnopqrstuvwxyz'];

/** Word pieces: some words, letters for all others. */
const wordPieces = tokenizer(
  { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100 },
  ['[UNK]', ...LETTERS, ...LETTERS.map((letter) => `##${letter}`), 'red', 'cat', 'snow', ',', 'on', 'two'],
);

function tokenizer(model: object, vocab: readonly string[]): Tokenizer {
  const numbered = Object.fromEntries(vocab.map((piece, id) => [piece, id]));
  const normalizer = { type: 'BertNormalizer', lowercase: true, clean_text: true, strip_accents: null };
  const pre_tokenizer = { type: 'BertPreTokenizer' };
  const rest = { added_tokens: [], post_processor: null, decoder: null };
  return new Tokenizer({ normalizer, pre_tokenizer, ...rest, model: { ...model, vocab: numbered } }, {});
}

it.each([
  ['a red cat, on snow', []],
  ['a Red blorb on snow', ['blorb']],
  ['Blorb, blorb: a catapult', ['Blorb', 'blorb', 'catapult']],
  ['a cat and 中文', ['and', '中文']],
  ['two cats', []],
  ['', []],
])('of “%s” are %j: those that fall into letters, or have no piece at all', (text, unknown) => {
  expect(unknownWords(text, wordPieces)).toEqual(unknown);
});

it('are none where the pieces of a word are longer than letters', () => {
  const tokenize = (word: string) => [`▁${word.slice(0, 3)}`, word.slice(3)];
  expect(unknownWords('photorealistic foxes', { model: null, tokenize })).toEqual([]);
});
