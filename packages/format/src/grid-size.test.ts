import { expect, it } from 'vitest';
import { gridSizeOf } from './grid-size.js';
import { exampleManifest } from './testing/example-manifest.js';

const latents = { channels: 16, patchSize: 2, stride: 8, scale: 1 };
const grid = { height: 8, width: 8, channels: 64 };

it('gives rows and columns of tokens, and refuses parts of tokens', () => {
  const manifest = { family: 'lightgen', latents, grid } as const;
  expect(gridSizeOf(manifest, { width: 192, height: 64 })).toEqual({ height: 4, width: 12 });
  for (const size of [
    { width: 100, height: 64 },
    { width: 64, height: 0 },
  ]) {
    expect(() => gridSizeOf(manifest, size)).toThrow(/multiples of 16 pixels/);
  }
});

it('refuses another size where the model draws one alone', () => {
  const manifest = { ...exampleManifest(), latents, grid };
  expect(gridSizeOf(manifest, { width: 128, height: 128 })).toEqual({ height: 8, width: 8 });
  expect(() => gridSizeOf(manifest, { width: 64, height: 128 })).toThrow(/must be 128x128/);
});
