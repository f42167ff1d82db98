import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseManifest } from '@tessera/format';
import { modelFolder } from '@tessera/model-tiny';
import { expect, test } from 'vitest';
import { transformerSizes } from './transformer-sizes.js';

test("the embedded model's sizes are read off its graph and agree with its manifest", async () => {
  const manifest = parseManifest(await readFile(new URL('mar.json', modelFolder), 'utf8'));
  const { dtype } = manifest.variants[0]!;
  const sizes = await transformerSizes(fileURLToPath(modelFolder), manifest, dtype);
  expect(sizes.encoder.width).toBe(manifest.widths.encoder);
  expect(sizes.decoder.width).toBe(manifest.widths.decoder);
  expect(sizes.length).toBe(manifest.grid.height * manifest.grid.width);
  for (const { width, depth, hidden } of [sizes.encoder, sizes.decoder]) {
    expect(hidden % width).toBe(0);
    expect(depth).toBeGreaterThan(0);
  }
  expect(sizes.buffer).toBeGreaterThan(0);
});
