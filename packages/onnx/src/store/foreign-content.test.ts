import { expect, it } from 'vitest';
import { foreignContent } from './foreign-content.js';

it('names what a file is in place of a model’s, and what to do', () => {
  const named = (text: string) => foreignContent(new TextEncoder().encode(text));
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 9\n`;
  expect(named(pointer)).toMatch(/Git LFS pointer.*git lfs pull/);
  expect(named('<!doctype html>')).toMatch(/HTML page.*Check the address/);
  expect(named('\u0008\u0008onnx')).toBeUndefined();
});
