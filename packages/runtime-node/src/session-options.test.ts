import { expect, it } from 'vitest';
import { graphDevice } from './session-options.js';

it('the time embedding stays on the CPU, all else is where it was asked for', () => {
  expect(graphDevice('embed', 'webgpu')).toBe('cpu');
  expect(graphDevice('denoise', 'webgpu')).toBe('webgpu');
  expect(graphDevice('embed', 'cpu')).toBe('cpu');
});
