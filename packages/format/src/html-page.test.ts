import { expect, it } from 'vitest';
import { isHtml } from './html-page.js';

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
