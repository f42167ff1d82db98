import { textTable } from '@tessera/evaluation-report/display';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { styleFor, wrapped } from './terminal.js';
import { capturedIo } from './testing/captured-io.js';

test('styles colour a terminal, and neither a pipe nor one that asks for none', () => {
  const styled = (options: Parameters<typeof capturedIo>[0]) => {
    const io = capturedIo(options);
    return styleFor(io.stdout, io.env).red('x');
  };
  expect(styled({ isTTY: true })).toBe('\u001b[31mx\u001b[39m');
  expect(styled({})).toBe('x');
  expect(styled({ isTTY: true, env: { NO_COLOR: '1' } })).toBe('x');
});

test('columns of a table are as wide as their widest cell', () => {
  expect(
    textTable(
      [
        ['name', 'n'],
        ['a', '100'],
      ],
      [false, true],
    ),
  ).toEqual(['name    n', 'a     100']);
});

test('wrapped lines keep every word in order and stay within the width where words do', () => {
  const words = fc.array(fc.stringMatching(/^[a-z]{1,9}$/), { maxLength: 40 });
  fc.assert(
    fc.property(words, fc.integer({ min: 9, max: 60 }), (all, width) => {
      const lines = wrapped(all.join('  '), width);
      expect(lines.join(' ')).toBe(all.join(' '));
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
    }),
  );
});
