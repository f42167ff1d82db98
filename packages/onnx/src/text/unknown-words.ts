import type { Tokenizer } from '@huggingface/tokenizers';

/** What tokenizers put before a piece: within a word, or at its beginning. */
const MARKS = /^(##|▁|Ġ)/;

/**
 * The words of a text that a tokenizer has no piece for: those that map to its unknown piece, and those that fall into
 * letters, two or more in a row. Each once, as it is written, in the order of the text.
 */
export function unknownWords(text: string, tokenizer: Pick<Tokenizer, 'tokenize' | 'model'>): string[] {
  const words = new Set(text.match(/[\p{L}\p{M}\p{N}]+/gu));
  return [...words].filter((word) => {
    const pieces = tokenizer.tokenize(word, { add_special_tokens: false });
    const isLetter = pieces.map((piece) => piece.replace(MARKS, '').length === 1);
    const unknown = tokenizer.model?.unk_token;
    return pieces.some((piece, i) => piece === unknown || (isLetter[i] && isLetter[i + 1]));
  });
}
