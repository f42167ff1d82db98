import { expect, test } from 'vitest';
import { conclusionsOf, conclusionsSection } from './conclusions.js';

test('what people wrote comes back as they wrote it', () => {
  const text = 'GtR is **as good**.\n\n- and faster';
  expect(conclusionsOf(`# Title\n\n${conclusionsSection(text)}\n\nmore`)).toBe(text);
  expect(conclusionsOf(conclusionsSection(conclusionsOf(conclusionsSection(text))))).toBe(text);
});

test('a new page has room for them', () => {
  expect(conclusionsOf(undefined)).toBeUndefined();
  expect(conclusionsSection()).toContain('None yet');
});

test('a page that has lost a mark is not written over', () => {
  expect(() => conclusionsOf('# Title\n\nGtR is as good.')).toThrow('lost the marks');
});
