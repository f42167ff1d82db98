import { join } from 'node:path';
import { InvalidOptionError } from '@tessera/core';
import { expect, test } from 'vitest';
import { Checkpoint } from '../checkpoint/checkpoint.js';
import { openTensors } from '../checkpoint/open-tensors.js';
import { inTemporaryFolder, int32, largestError, openGraph, run } from '../testing/golden.js';
import { randomNumbers, writeRandomCheckpoint } from '../testing/random-weights.js';
import { type LlamaConfig, type LlamaConfigJson, resolveLlamaConfig } from './llama-config.js';
import { llamaGraph, llamaKeys } from './llama-graph.js';

const SIZES = { vocabulary: 19, width: 12, depth: 2, hidden: 20, heads: 6, keyHeads: 2, headSize: 4 };
const JSON_OF_SIZES: LlamaConfigJson = {
  num_attention_heads: 6,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-5,
  rope_theta: 100,
  eos_token_id: [18, 17],
  // With a context of 60, the two frequencies 1 and 1/10 turn 9.5 times and once.
  rope_scaling: {
    rope_type: 'llama3',
    factor: 8,
    low_freq_factor: 0.5,
    high_freq_factor: 2,
    original_max_position_embeddings: 60,
  },
};

/** Llama 3.2 1B, whose rows Nitro-AR takes. */
const RELEASED = {
  vocabulary: 128_256,
  width: 2048,
  depth: 16,
  hidden: 8192,
  heads: 32,
  keyHeads: 8,
  headSize: 64,
};
const JSON_OF_RELEASED: LlamaConfigJson = {
  num_attention_heads: 32,
  num_key_value_heads: 8,
  rms_norm_eps: 1e-5,
  rope_theta: 500_000,
  eos_token_id: 128_001,
  rope_scaling: {
    rope_type: 'llama3',
    factor: 32,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192,
  },
};

/** Calls back with a checkpoint of random weights. */
async function withLlama<T>(body: (checkpoint: Checkpoint) => Promise<T>, sizes = SIZES): Promise<T> {
  return inTemporaryFolder(async (folder) => {
    const path = join(folder, 'llama.safetensors');
    const keys = llamaKeys({ ...sizes, frequencies: new Float64Array(), epsilon: 0, padding: 0 });
    await writeRandomCheckpoint(path, new Map([...keys].map(([key, shape]) => [`model.${key}`, shape])));
    const file = await openTensors(path);
    try {
      return await body(new Checkpoint(file, 'embed_tokens.weight'));
    } finally {
      await file.close();
    }
  });
}

type Rows = Float64Array[];

/** The published forward pass in float64, position by position. */
async function forward(
  config: LlamaConfig,
  checkpoint: Checkpoint,
  ids: readonly number[],
  mask: readonly number[],
): Promise<Float64Array> {
  const { heads, keyHeads, headSize, depth, epsilon } = config;
  const linear = async (key: string, rows: Rows): Promise<Rows> => {
    const weight = await checkpoint.read(`${key}.weight`);
    const inputs = rows[0]!.length;
    return rows.map((row) =>
      Float64Array.from({ length: weight.length / inputs }, (_, out) =>
        row.reduce((sum, value, i) => sum + value * weight[out * inputs + i]!, 0),
      ),
    );
  };
  const norm = async (key: string, rows: Rows): Promise<Rows> => {
    const weight = await checkpoint.read(`${key}.weight`);
    return rows.map((row) => {
      const mean = row.reduce((sum, value) => sum + value ** 2, 0) / row.length;
      return row.map((value, i) => (value / Math.sqrt(mean + epsilon)) * weight[i]!);
    });
  };
  /** Turns each pair (i, i + d/2) as a complex number. */
  const turned = (rows: Rows): Rows =>
    rows.map((row, position) =>
      row.map((value, i) => {
        const [within, half] = [i % headSize, headSize / 2];
        const angle = position * config.frequencies[within % half]!;
        const other = row[within < half ? i + half : i - half]!;
        return value * Math.cos(angle) + (within < half ? -other : other) * Math.sin(angle);
      }),
    );
  const plus = (a: Rows, b: Rows): Rows => a.map((row, r) => row.map((value, i) => value + b[r]![i]!));

  const table = await checkpoint.read('embed_tokens.weight');
  let residual: Rows = ids.map((id) =>
    Float64Array.from(table.subarray(id * config.width, (id + 1) * config.width)),
  );
  for (let index = 0; index < depth; index++) {
    const layer = `layers.${index}`;
    const rows = await norm(`${layer}.input_layernorm`, residual);
    const query = turned(await linear(`${layer}.self_attn.q_proj`, rows));
    const key = turned(await linear(`${layer}.self_attn.k_proj`, rows));
    const value = await linear(`${layer}.self_attn.v_proj`, rows);
    const mixed = query.map((row, at) => {
      const out = new Float64Array(row.length);
      for (let head = 0; head < heads; head++) {
        const shared = Math.floor(head / (heads / keyHeads));
        const read = key.map((_, other) => other).filter((other) => other <= at && mask[other] === 1);
        const scores = read.map((other) => {
          let sum = 0;
          for (let i = 0; i < headSize; i++) {
            sum += row[head * headSize + i]! * key[other]![shared * headSize + i]!;
          }
          return Math.exp(sum / Math.sqrt(headSize));
        });
        const total = scores.reduce((sum, score) => sum + score, 0);
        for (const [n, other] of read.entries()) {
          for (let i = 0; i < headSize; i++) {
            out[head * headSize + i]! += (scores[n]! / total) * value[other]![shared * headSize + i]!;
          }
        }
      }
      return out;
    });
    residual = plus(residual, await linear(`${layer}.self_attn.o_proj`, mixed));
    const normed = await norm(`${layer}.post_attention_layernorm`, residual);
    const gate = await linear(`${layer}.mlp.gate_proj`, normed);
    const up = await linear(`${layer}.mlp.up_proj`, normed);
    const gated = gate.map((row, r) => row.map((x, i) => (x / (1 + Math.exp(-x))) * up[r]![i]!));
    residual = plus(residual, await linear(`${layer}.mlp.down_proj`, gated));
  }
  return Float64Array.from((await norm('norm', residual)).flatMap((row) => [...row]));
}

test('the graph computes the forward pass, of padding too, which reads the text alone', async () => {
  await withLlama(async (checkpoint) => {
    const config = resolveLlamaConfig(JSON_OF_SIZES, checkpoint);
    const length = 7;
    const session = await openGraph(llamaGraph(config, checkpoint, length));
    const next = randomNumbers(3);
    const ids = Array.from({ length: 2 * length }, () => Math.floor(((next() + 1) / 2) * 19));
    const mask = [1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1];
    const dims = [2, length];
    const { features } = await run(session, { ids: int32(ids, dims), mask: int32(mask, dims) });
    const expected = await Promise.all(
      [0, length].map((from) =>
        forward(config, checkpoint, ids.slice(from, from + length), mask.slice(from, from + length)),
      ),
    );
    expect(
      largestError(
        features!,
        expected.flatMap((rows) => [...rows]),
      ),
    ).toBeLessThan(5e-6);
    await session.release();
  });
});

test.skipIf(process.env.TESSERA_LARGE === undefined)(
  'so does that of Llama 3.2 1B’s sizes, where TESSERA_LARGE asks for it: minutes, and 16 GB of memory',
  async () => {
    await withLlama(async (checkpoint) => {
      const config = resolveLlamaConfig(JSON_OF_RELEASED, checkpoint);
      const [ids, mask] = [
        [128_000, 15_339, 1_917, 128_001],
        [1, 1, 1, 0],
      ];
      const session = await openGraph(llamaGraph(config, checkpoint, 4));
      const { features } = await run(session, { ids: int32(ids!, [1, 4]), mask: int32(mask!, [1, 4]) });
      await session.release();
      const error = largestError(features!, [...(await forward(config, checkpoint, ids!, mask!))]);
      console.log(`Llama 3.2 1B's sizes: the largest error is ${error}`);
      expect(error).toBeLessThan(5e-5);
    }, RELEASED);
  },
  1_800_000,
);

test('low rotary frequencies are divided, high ones stay, and those between lie between', async () => {
  await withLlama(async (checkpoint) => {
    const { frequencies } = resolveLlamaConfig(JSON_OF_SIZES, checkpoint);
    // 60/10 ÷ 2π = 0.955 turns: 0.303 of the way from a frequency divided by 8 to the frequency itself.
    const kept = (60 / 10 / (2 * Math.PI) - 0.5) / 1.5;
    expect(frequencies[0]).toBe(1);
    expect(frequencies[1]).toBeCloseTo(kept * 0.1 + (1 - kept) * (0.1 / 8), 12);
    const { rope_scaling: _, ...plain } = JSON_OF_SIZES;
    expect([...resolveLlamaConfig(plain, checkpoint).frequencies]).toEqual([1, 100 ** -0.5]);
  });
});

test('heads that keys can’t be shared among, and unknown scaling of frequencies, are refused', async () => {
  await withLlama(async (checkpoint) => {
    const scaling = { ...JSON_OF_SIZES.rope_scaling!, rope_type: 'yarn' };
    const { eos_token_id: _, ...endless } = JSON_OF_SIZES;
    for (const json of [
      { ...JSON_OF_SIZES, num_key_value_heads: 4 },
      { ...JSON_OF_SIZES, rope_scaling: scaling },
      { ...JSON_OF_SIZES, rms_norm_eps: -1 },
      endless,
    ]) {
      expect(() => resolveLlamaConfig(json, checkpoint)).toThrow(InvalidOptionError);
    }
  });
});
