/** Pieces of a text, which they make up: words, and what stands between them. Those words are marked that are `unknown`. */
export function markedWords(
  text: string,
  unknown: readonly string[],
): readonly { readonly text: string; readonly marked: boolean }[] {
  return text
    .split(/([\p{L}\p{M}\p{N}]+)/u)
    .filter((piece) => piece !== '')
    .map((piece) => ({ text: piece, marked: unknown.includes(piece) }));
}
