import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { convertModel, lightgenKeys, writeSafetensors } from '@tessera/convert';
import { generateImages, randomOrder } from '@tessera/core';
import { describeModel } from '@tessera/core/testing/suites';
import { type LoadedModel, loadModel } from '@tessera/runtime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// A LightGen model of random weights, from checkpoints to pictures, in a worker as users have it.

const width = 16;
/** Six tokens, and the rows that two slots read from a memory. */
const text = { length: 9, width: 8 };
const stack = { width, depth: 1, heads: 2, hidden: 24 };
const folder = await mkdtemp(join(tmpdir(), 'tessera-text-model-'));
const model = join(folder, 'model');

beforeAll(async () => {
  const keys = lightgenKeys({
    grid: { height: 4, width: 4, channels: 16 },
    latents: { channels: 16, patchSize: 1, stride: 16 },
    ...{ encoder: stack, decoder: stack, cross: stack, aligner: stack, text, epsilon: 1e-6 },
    positions: { side: 4, offset: 0.1 },
    head: { width: 16, depth: 1 },
  });
  await writeRandom('mar.safetensors', keys);
  const encoder: [string, number[]][] = [
    ['token_embedding.weight', [9, 8]],
    ['position_embedding', [1, 6, 8]],
    ...['norm1', 'norm2'].flatMap((norm): [string, number[]][] => [
      [`blocks.0.${norm}.weight`, [8]],
      [`blocks.0.${norm}.bias`, [8]],
    ]),
    ['blocks.0.attn.qkv.weight', [24, 8]],
    ['blocks.0.attn.qkv.bias', [24]],
    ['blocks.0.attn.proj.weight', [8, 8]],
    ['blocks.0.attn.proj.bias', [8]],
    ['blocks.0.mlp.fc1.weight', [16, 8]],
    ['blocks.0.mlp.fc1.bias', [16]],
    ['blocks.0.mlp.fc2.weight', [8, 16]],
    ['blocks.0.mlp.fc2.bias', [8]],
    ['norm.weight', [8]],
    ['norm.bias', [8]],
    ['slot_embedding', [1, 2, 8]],
    ['memory_scores.weight', [4, 8]],
    ['memory_scores.bias', [4]],
    ['memory.weight', [4, 2 * 3]],
    ['memory_proj.weight', [8, 3]],
    ['memory_proj.bias', [8]],
    ['memory_context.weight', [8, 8]],
    ['memory_context.bias', [8]],
    ['part_embedding', [1, 2, 8]],
    ['memory_slot_embedding', [1, 2, 8]],
    ['memory_norm.weight', [8]],
    ['memory_norm.bias', [8]],
  ];
  await writeRandom('text.safetensors', encoder);
  const pieces = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', 'red', 'fox', 'snow', '##es'];
  const vocab = Object.fromEntries(pieces.map((piece, id) => [piece, id]));
  const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  const tokenizer = {
    version: '1.0',
    added_tokens: pieces.slice(0, 4).map((content, id) => ({ id, content, special: true })),
    normalizer: { type: 'BertNormalizer', lowercase: true, clean_text: true, strip_accents: null },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [special('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, special('[SEP]')],
      special_tokens: { '[CLS]': { id: '[CLS]', ids: [2] }, '[SEP]': { id: '[SEP]', ids: [3] } },
    },
    decoder: null,
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab,
    },
  };
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  await convertModel({
    mar: {
      checkpoint: join(folder, 'mar.safetensors'),
      config: { encoder_num_heads: 2, max_length: 9, vae_stride: 16 },
    },
    text: {
      checkpoint: join(folder, 'text.safetensors'),
      config: { num_attention_heads: 2, memory_parts: [2, 1] },
      tokenizer: join(folder, 'tokenizer.json'),
    },
    vae: {
      checkpoint: fileURLToPath(new URL('../../../fixtures/golden/vae/weights.safetensors', import.meta.url)),
      config: await JSON.parse(
        await readFile(new URL('../../../fixtures/golden/vae/config.json', import.meta.url), 'utf8'),
      ),
    },
    ...{ out: model, dtype: 'fp32' as const, name: 'random', licence: 'MIT', source: 'a test' },
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function writeRandom(
  name: string,
  keys: Iterable<readonly [string, readonly number[]]>,
): Promise<void> {
  let state = 7;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  const tensors = [...keys].map(([key, shape]) => {
    const isNorm = shape.length === 1 && key.endsWith('weight');
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).map(
      () => (isNorm ? 1 : 0) + random() / 2,
    );
    return [key, { shape, data }] as const;
  });
  await writeSafetensors(join(folder, name), Object.fromEntries(tensors));
}

describe('a converted text model', () => {
  let loaded: LoadedModel;
  beforeAll(async () => {
    loaded = await loadModel(model, { device: 'cpu', threads: 1 });
  });
  afterAll(() => loaded.dispose());

  const policy = randomOrder({ steps: 4, diffusionSteps: 3 });
  const draw = (prompt: string, options: object = {}, input: object = {}) =>
    generateImages({
      model: loaded,
      policy,
      guidance: 2,
      requests: [{ seed: 1, input: { prompt, ...input } }],
      ...options,
    });
  const runs = async (graph: 'text' | 'tokenEncoder' | 'tokenDecoder' | 'cross') =>
    (await loaded.runStatistics())[graph]?.runs ?? 0;

  it('reads a prompt once for all steps and runs, and shares encoder and decoder between both halves of guidance', async () => {
    const before = await Promise.all(
      ['text', 'tokenEncoder', 'tokenDecoder', 'cross'].map((g) => runs(g as 'text')),
    );
    const [first] = await draw('a red fox');
    const [again] = await draw('a red fox');
    const after = await Promise.all(
      ['text', 'tokenEncoder', 'tokenDecoder', 'cross'].map((g) => runs(g as 'text')),
    );
    expect(again!.image.data).toEqual(first!.image.data);
    // With no token known there is nothing to encode.
    expect(after.map((count, i) => count - before[i]!)).toEqual([1, 6, 8, 8]);
  });

  it('draws another picture for another prompt, and for what guidance leads away from', async () => {
    const pictures = [
      await draw('a red fox'),
      await draw('snow'),
      await draw('a red fox', {}, { negativePrompt: 'snow' }),
    ].map(([made]) => Buffer.from(made!.image.data).toString('base64'));
    expect(new Set(pictures).size).toBe(3);
  });

  it('draws a prompt’s features as the prompt itself, alone and beside others', async () => {
    const requests = ['snow', 'a red fox', null].map((prompt, i) => ({
      seed: 1,
      imageIndex: i % 2,
      input: { prompt },
    }));
    const batch = await generateImages({ model: loaded, policy, guidance: 2, requests });
    const [alone] = await generateImages({ model: loaded, policy, guidance: 2, requests: [requests[1]!] });
    const error = alone!.grid.tokens.reduce(
      (largest, value, i) => Math.max(largest, Math.abs(value - batch[1]!.grid.tokens[i]!)),
      0,
    );
    expect(error).toBeLessThan(1e-3);
  });

  it('names the words of a prompt that its tokenizer doesn’t know', async () => {
    expect(await loaded.unknownWords('a Red blorb, foxes on snow')).toEqual(['blorb', 'on']);
  });

  it('draws grids of other sizes, also where they are not square', async () => {
    for (const gridSize of [
      { height: 2, width: 5 },
      { height: 6, width: 3 },
    ]) {
      const [made] = await draw('snow', { gridSize });
      expect(made!.image).toMatchObject({ height: 16 * gridSize.height, width: 16 * gridSize.width });
    }
  });

  it('refuses classes, features of another width and negative prompts of another length by a sentence', async () => {
    const refused = (input: object) =>
      generateImages({ model: loaded, requests: [{ seed: 1, input: input as never }] });
    await expect(refused({ classLabel: 3 })).rejects.toThrow(/prompt.*must be a text, null, or features/);
    await expect(refused({ prompt: { features: new Float32Array(9) } })).rejects.toMatchObject({
      code: 'shape-mismatch',
    });
    const short = { features: new Float32Array(16).fill(1) };
    await expect(draw('snow', {}, { negativePrompt: short })).rejects.toThrow(/negativePrompt.*as many rows/);
  });
});

describeModel('a random text model', () => loadModel(model, { device: 'cpu', threads: 1 }), {
  inputs: [{ prompt: 'a red fox' }, { prompt: null }],
  tolerance: 1e-3,
});
