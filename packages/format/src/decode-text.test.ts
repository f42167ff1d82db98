import { expect, test } from 'vitest';
import { decodeText } from './decode-text.js';

const utf16 = (text: string, first: number, littleEndian: boolean) => {
  const units = [first, ...Array.from(text, (character) => character.charCodeAt(0))];
  const view = new DataView(new ArrayBuffer(units.length * 2));
  for (const [i, unit] of units.entries()) view.setUint16(i * 2, unit, littleEndian);
  return new Uint8Array(view.buffer);
};

test('text is read with and without a byte order mark, and the mark is no part of it', () => {
  const plain = new TextEncoder().encode('café');
  expect(decodeText(plain, 'x')).toBe('café');
  expect(decodeText(Uint8Array.of(0xef, 0xbb, 0xbf, ...plain), 'x')).toBe('café');
  expect(decodeText(utf16('café', 0xfeff, true), 'x')).toBe('café');
  expect(decodeText(utf16('café', 0xfeff, false), 'x')).toBe('café');
  expect(decodeText(new Uint8Array(), 'x')).toBe('');
});

test('text in another encoding is refused by name, with what to do', () => {
  const latin1 = Uint8Array.of(0x63, 0xe9);
  expect(() => decodeText(latin1, 'classes.txt')).toThrow(
    expect.objectContaining({ code: 'text-encoding', message: expect.stringContaining('classes.txt') }),
  );
});
