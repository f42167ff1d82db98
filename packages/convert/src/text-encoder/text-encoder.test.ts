import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Checkpoint } from '../checkpoint/checkpoint.js';
import { openTensors } from '../checkpoint/open-tensors.js';
import { inTemporaryFolder, int32, largestError, openGraph, run } from '../testing/golden.js';
import { writeRandomCheckpoint } from '../testing/random-weights.js';
import { referenceT5, referenceWordPieces } from '../testing/reference-text-encoder.js';
import { resolveTextEncoderConfig, type TextEncoderConfigJson } from './text-encoder-config.js';
import { textEncoderGraph, textEncoderKeys } from './text-encoder-graph.js';

const sizes = { vocabulary: 23, width: 12, depth: 2, heads: 3, hidden: 20, epsilon: 1e-6 };
const t5 = { ...sizes, kind: 't5' as const, inner: 15, length: 40, tokens: 40, buckets: 8, maxDistance: 16 };
const wordPieces = {
  ...sizes,
  kind: 'word-pieces' as const,
  inner: 12,
  length: 9,
  tokens: 9,
  buckets: 0,
  maxDistance: 0,
};
const withMemory = { ...wordPieces, length: 16, memory: { entries: 6, parts: [5, 2], channels: 4 } };

describe.each([
  [
    'T5',
    t5,
    { num_heads: 3, d_kv: 5, relative_attention_max_distance: 16 } satisfies TextEncoderConfigJson,
    referenceT5,
  ],
  [
    'word pieces',
    wordPieces,
    { num_attention_heads: 3 } satisfies TextEncoderConfigJson,
    referenceWordPieces,
  ],
  [
    'word pieces with a memory',
    withMemory,
    { num_attention_heads: 3, memory_parts: [5, 2] } satisfies TextEncoderConfigJson,
    referenceWordPieces,
  ],
] as const)('a text encoder of %s', (_, config, json, reference) => {
  it('computes the features of a plain loop in float64, padding included', async () => {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, 'text.safetensors');
      const keys = textEncoderKeys(config);
      if (keys.has('position_embedding'))
        keys.set('position_embedding', [1, config.tokens + 2, config.width]);
      const weights: Record<string, ArrayLike<number>> = {};
      await writeRandomCheckpoint(path, keys, (tensors) => {
        for (const [key, { data }] of Object.entries(tensors)) weights[key] = data as Float32Array;
      });
      const file = await openTensors(path);
      const anchor = config.kind === 't5' ? 'shared.weight' : 'token_embedding.weight';
      const checkpoint = new Checkpoint(file, anchor);
      expect(resolveTextEncoderConfig(json, checkpoint, config.length)).toEqual(config);
      const session = await openGraph(textEncoderGraph(config, checkpoint));
      const { tokens } = config;
      const texts = [tokens, 4].map((count) => ({
        ids: Array.from({ length: tokens }, (__, i) => (i < count ? (i * 7 + count) % 23 : 0)),
        mask: Array.from({ length: tokens }, (__, i) => (i < count ? 1 : 0)),
      }));
      const { features } = await run(session, {
        ids: int32(
          texts.flatMap(({ ids }) => ids),
          [2, tokens],
        ),
        mask: int32(
          texts.flatMap(({ mask }) => mask),
          [2, tokens],
        ),
      });
      const expected = texts.flatMap(({ ids, mask }) =>
        reference(weights, config, ids, mask).flatMap((row) => [...row]),
      );
      expect(largestError(features!, expected)).toBeLessThan(2e-5);
      await session.release();
      await file.close();
    });
  });
});

it('a T5 with another feed-forward layer is refused by a sentence', async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, 'text.safetensors');
    await writeRandomCheckpoint(path, textEncoderKeys(t5));
    const file = await openTensors(path);
    const checkpoint = new Checkpoint(file, 'shared.weight');
    const config = { num_heads: 3, feed_forward_proj: 'relu' };
    expect(() => resolveTextEncoderConfig(config, checkpoint, 40)).toThrow(/feed_forward_proj.*gated-gelu/);
    await file.close();
  });
});

it('the rows of a memory have to be those of its slots', async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, 'text.safetensors');
    await writeRandomCheckpoint(path, textEncoderKeys(withMemory).set('position_embedding', [1, 9, 12]));
    const file = await openTensors(path);
    const checkpoint = new Checkpoint(file, 'token_embedding.weight');
    for (const memory_parts of [undefined, [5], [5, 0], [3, 2], [5, 2.5]]) {
      const config = { num_attention_heads: 3, ...(memory_parts && { memory_parts }) };
      expect(() => resolveTextEncoderConfig(config, checkpoint, 16), `${memory_parts}`).toThrow(
        /memory_parts.*each slot/,
      );
    }
    const config = { num_attention_heads: 3, memory_parts: [5, 2] };
    expect(() => resolveTextEncoderConfig(config, checkpoint, 7)).toThrow(/max_length.*8 to/);
    await file.close();
  });
});
