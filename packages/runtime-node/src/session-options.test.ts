import { expect, it } from 'vitest';
import { graphDevice, graphSpins, sessionOptions } from './session-options.js';

it('the time embedding stays on the CPU, all else is where it was asked for', () => {
  expect(graphDevice('embed', 'webgpu')).toBe('cpu');
  expect(graphDevice('denoise', 'webgpu')).toBe('webgpu');
  expect(graphDevice('embed', 'cpu')).toBe('cpu');
});

it('only the transformer’s threads spin, and no session’s do between its runs', () => {
  expect(['condition', 'modulate', 'denoise', 'decoder'].filter((name) => graphSpins(name as never))).toEqual(
    ['condition'],
  );
  for (const spins of [true, false]) {
    const { session } = sessionOptions('cpu', 2, { spins }).extra as { session: Record<string, unknown> };
    expect(session).toMatchObject({
      intra_op: { allow_spinning: spins ? '1' : '0' },
      force_spinning_stop: '1',
    });
  }
});
