import { describe, expect, it } from 'vitest';
import { candidates, reasonFrom } from './devices.js';

describe('candidates', () => {
  it('end with the CPU everywhere, and hold WebGPU where its adapter is sure to be hardware', () => {
    for (const platform of ['linux', 'win32', 'darwin', 'freebsd'] as const) {
      expect(candidates(platform).at(-1)).toBe('cpu');
      expect(candidates(platform).includes('webgpu')).toBe(platform === 'darwin');
    }
  });
});

describe('reasonFrom', () => {
  it('says in a sentence what is missing', () => {
    const reason = (words: string) => reasonFrom('webgpu', new Error(words));
    expect(reason('no available backend found. ERR: [webgpu] backend not found.')).toBe(
      'onnxruntime-node has no webgpu provider for this system.',
    );
    expect(reason('Append: Failed to load shared library')).toMatch(
      /^its provider library is not installed\./,
    );
    expect(reason('a.cc:136 f() was false. Failed to get a WebGPU adapter: No supported adapters.\nat')).toBe(
      'no WebGPU adapter was found (No supported adapters): there is no driver for one.',
    );
    expect(reason('something else\nwith a stack')).toBe('something else.');
    expect(reasonFrom('cpu', 'not an error')).toBe('not an error.');
  });
});
