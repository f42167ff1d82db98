import { exampleManifest } from '@tessera/format/testing';
import { describe, expect, it } from 'vitest';
import { assertMemory, weightsMemory } from './memory-need.js';

const manifest = exampleManifest();
const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
const half = {
  ...manifest,
  variants: manifest.variants.map((each) => ({ ...each, dtype: 'fp16' as const })),
};

describe('the memory of a model', () => {
  it('is that of its files, and twice as much where half floats are widened', () => {
    expect(weightsMemory(manifest, 'fp32')).toBe(bytes);
    expect(weightsMemory(half, 'fp16')).toBe(2 * bytes);
  });

  it('leaves out graphs that are created only when LazyMAR runs', () => {
    const file = { path: 'cached.onnx', bytes: 1e9, sha256: '' };
    const component = { path: file.path };
    const cached = {
      ...manifest,
      files: [...manifest.files, file],
      variants: manifest.variants.map((each) => ({
        ...each,
        components: { ...each.components, 'transformer-cached': component },
      })),
    };
    expect(weightsMemory(cached, 'fp32')).toBe(weightsMemory(manifest, 'fp32'));
  });

  it('that can not be there is refused in a sentence, with what to do', () => {
    expect(() => assertMemory(half, 'fp16', 2 * bytes, 'this machine')).not.toThrow();
    expect(() => assertMemory(half, 'fp16', 2 * bytes - 1, 'this machine')).toThrow(
      expect.objectContaining({
        code: 'memory',
        needed: 2 * bytes,
        message: expect.stringMatching(
          /The weights of "example" take 0\.\d GB of memory, and this machine has .* int8/,
        ),
      }),
    );
  });
});
