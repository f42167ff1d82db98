import { readFile } from 'node:fs/promises';
import { modelFolder } from '@tessera/model-tiny';
import { expect, test } from 'vitest';
import { parseManifest } from './manifest.js';
import { manifestHash } from './manifest-hash.js';

test("a manifest's hash depends on what it says and not on the order of its keys", async () => {
  const manifest = parseManifest(await readFile(new URL('mar.json', modelFolder), 'utf8'));
  const hash = await manifestHash(manifest);
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  const turned = Object.fromEntries(Object.entries(manifest).reverse()) as typeof manifest;
  expect(await manifestHash(turned)).toBe(hash);
  expect(await manifestHash({ ...manifest, headDepth: manifest.headDepth + 1 })).not.toBe(hash);
});

test('what a model advises is no part of its hash, so recipes of before the advice belong to it', async () => {
  const manifest = parseManifest(await readFile(new URL('mar.json', modelFolder), 'utf8'));
  expect(manifest.sampling.advice).toBe('gtr-fast/guidance=off/temperature=0.96');
  const { advice: _, ...sampling } = manifest.sampling;
  expect(await manifestHash({ ...manifest, sampling })).toBe(await manifestHash(manifest));
  expect(await manifestHash(manifest)).toMatch(/^15d3188fe6b0/);
});
