import { shortTime } from '@tessera/evaluation-report/display';
import { expect, test } from 'vitest';
import { progressBar } from './progress-bar.js';
import { capturedIo } from './testing/captured-io.js';

test('a terminal is shown how far things are and how long they take', () => {
  const io = capturedIo({ isTTY: true });
  let now = 0;
  const bar = progressBar(io.stderr, io.env, () => now);
  now = 4000;
  bar.update(0.25, '3/12 pictures');
  expect(io.written.error).toContain('██████··················  25 %  3/12 pictures  12 s left');
  bar.clear();
  expect(io.written.error.endsWith('\r\u001b[2K')).toBe(true);
});

test.each([
  ['a pipe', capturedIo()],
  ['CI', capturedIo({ isTTY: true, env: { CI: 'true' } })],
  ['NO_COLOR', capturedIo({ isTTY: true, env: { NO_COLOR: '1' } })],
])('%s gets a line every half minute, and none before', (_, io) => {
  let now = 0;
  const bar = progressBar(io.stderr, io.env, () => now);
  bar.update(0, 'none');
  now = 29_000;
  bar.update(0.2, 'a fifth');
  bar.clear();
  expect(io.written.error).toBe('');
  for (now of [30_000, 31_000, 59_000, 60_000]) bar.update(now / 120_000, `${now} of 120000`);
  expect(io.written.error).toBe(
    '25 %  30000 of 120000  1 min 30 s left\n50 %  60000 of 120000  1 min 0 s left\n',
  );
});

test('the time of one part of the work is no measure for the next', () => {
  const io = capturedIo({ isTTY: true });
  let now = 0;
  const bar = progressBar(io.stderr, io.env, () => now);
  now = 3_600_000;
  bar.update(1, 'drawn');
  now += 1000;
  bar.update(0.01, 'timing');
  expect(io.written.error).toMatch(/timing$/);
  now += 2000;
  bar.update(0.2, 'timing');
  expect(io.written.error).toContain('timing  8 s left');
});

test.each([30, 45, 80])('in %i columns a line fits and ends with the time that is left', (columns) => {
  const io = capturedIo({ isTTY: true });
  let now = 0;
  const bar = progressBar({ ...io.stderr, columns }, io.env, () => now);
  now = 2000;
  bar.update(0.5, 'x'.repeat(500));
  const line = io.written.error.replace('\r\u001b[2K', '');
  expect(line.length).toBeLessThan(columns);
  expect(line).toMatch(/^( {2}█+·+ )? 50 % {2}x+ {2}2 s left$/);
});

test.each([
  [9.4, '9 s'],
  [185, '3 min 5 s'],
  [7800, '2 h 10 min'],
])('%d seconds are said as %s', (seconds, text) => {
  expect(shortTime(seconds)).toBe(text);
});
