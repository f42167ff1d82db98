import { CheckpointKeysError } from '@tessera/convert';
import { expect, test } from 'vitest';
import { isKeysError, keyReport } from './key-report.js';

test('differences are told by kind, alike blocks in one line, and a page at most', () => {
  const error = new CheckpointKeysError('a.safetensors', {
    missing: [0, 1, 2].map((block) => `encoder_blocks.${block}.norm1.bias`),
    unexpected: Array.from({ length: 40 }, (_, i) => `extra_${i}`),
    misshapen: [{ key: 'mask_token', expected: [1, 1, 8], actual: [1, 1, Number.NaN] }],
  });
  expect(isKeysError(error)).toBe(true);
  const report = keyReport(error);
  expect(report).toContain('3 missing:\n    encoder_blocks.0.norm1.bias  and 2 alike\n');
  expect(report).toContain('40 unexpected:');
  expect(report).toContain('… and 28 more such lines');
  expect(report).toContain('mask_token: expected [1, 1, 8], got [1, 1, ?]');
  expect(report.split('\n').length).toBeLessThan(25);
});

test.each([[['loss.logvar', 'loss.disc.0.weight', 'my net.x'], "--ignore loss. --ignore 'my net.'"]])(
  'unexpected keys %j bring advice that can be followed',
  (unexpected, advice) => {
    const error = new CheckpointKeysError('a.safetensors', { missing: [], unexpected, misshapen: [] });
    expect(keyReport(error)).toContain(advice);
  },
);
