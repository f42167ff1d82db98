import { expect, it } from 'vitest';
import { foreignContent, isHtml } from './foreign-content.js';

it('an HTML page is told by its first characters, as text or as bytes', () => {
  for (const page of [
    '<!doctype html>',
    '\n  <!DOCTYPE HTML>',
    '\ufeff<html lang="en">',
    '<!-- app --><html>',
  ]) {
    expect(isHtml(page)).toBe(true);
    expect(isHtml(new TextEncoder().encode(page))).toBe(true);
  }
  for (const other of ['', '{"format":"<html>"}', '<svg>', '\u0008\u0008onnx']) {
    expect(isHtml(other)).toBe(false);
    expect(isHtml(new TextEncoder().encode(other))).toBe(false);
  }
});

it('names what a file is in place of a model’s, and what to do', () => {
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 9\n`;
  expect(foreignContent(new TextEncoder().encode(pointer))).toMatch(/Git LFS pointer.*git lfs pull/);
  expect(foreignContent('<!doctype html>')).toMatch(/HTML page.*Check the address/);
  expect(foreignContent('\u0008\u0008onnx')).toBeUndefined();
});
