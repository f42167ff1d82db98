import { InvalidOptionError } from '@tessera/core';
import { assertInteger, assertNumber } from '@tessera/core/model';
import type { Checkpoint } from '../checkpoint/checkpoint.js';

/** A T5 encoder's sizes that no tensor tells, under the names of its config.json (T5 v1.1 and Flan-T5). */
export interface T5ConfigJson {
  readonly num_heads: number;
  /** Width of a head. @default d_model ÷ num_heads */
  readonly d_kv?: number;
  /** @default 128 */
  readonly relative_attention_max_distance?: number;
  /** @default 1e-6 */
  readonly layer_norm_epsilon?: number;
  /** The only form there is here: tanh-GELU of one product times another one. */
  readonly feed_forward_proj?: 'gated-gelu' | (string & {});
}

/** Sizes of a vision-transformer-like encoder over word pieces, as the embedded text model has it. */
export interface WordPieceEncoderConfigJson {
  readonly num_attention_heads: number;
  /** Tokens that a prompt is padded or cut to. @default the rows of its position embedding */
  readonly max_length?: number;
  /**
   * For one with a memory, whose entries are looked up by what a prompt names: the rows that each slot reads, so many of the
   * first parts of an entry. They follow the tokens' rows.
   */
  readonly memory_parts?: readonly number[];
  /** @default 1e-6 */
  readonly norm_eps?: number;
}

export type TextEncoderConfigJson = T5ConfigJson | WordPieceEncoderConfigJson;

export interface TextEncoderConfig {
  readonly kind: 't5' | 'word-pieces';
  readonly vocabulary: number;
  /** Ct. */
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Width of all heads together: it differs from Ct in T5. */
  readonly inner: number;
  readonly hidden: number;
  /** T. */
  readonly length: number;
  /** Tokens of a prompt: T, less the rows of the memory. */
  readonly tokens: number;
  readonly memory?: TextMemoryConfig;
  readonly epsilon: number;
  /** Buckets of relative positions, and from which distance on all share the last one; T5's alone. */
  readonly buckets: number;
  readonly maxDistance: number;
}

/** A table of entries, some of which a text encoder looks up for each prompt. */
export interface TextMemoryConfig {
  readonly entries: number;
  /** Rows that each slot reads: so many of the first parts of its entry. */
  readonly parts: readonly number[];
  /** Channels of a part. */
  readonly channels: number;
}

/** The tensor with the rows of the vocabulary, by which the kinds are told apart. */
export const EMBEDDINGS = { t5: 'shared.weight', 'word-pieces': 'token_embedding.weight' } as const;

/**
 * Completes a text encoder's configuration from its checkpoint.
 *
 * @param length T, which the model that it serves sets
 * @throws InvalidOptionError for sizes out of range or in contradiction, and for other kinds of T5
 */
export function resolveTextEncoderConfig(
  json: TextEncoderConfigJson,
  checkpoint: Checkpoint,
  length: number,
): TextEncoderConfig {
  const isT5 = 'num_heads' in json;
  const extent = (key: string, axis: number): number => checkpoint.shape(key)?.[axis] ?? Number.NaN;
  const heads = isT5 ? json.num_heads : json.num_attention_heads;
  assertInteger(isT5 ? 'num_heads' : 'num_attention_heads', heads, 1);
  const epsilon = (isT5 ? json.layer_norm_epsilon : json.norm_eps) ?? 1e-6;
  assertNumber('layer_norm_epsilon', epsilon, 0);
  if (!isT5) {
    const key = EMBEDDINGS['word-pieces'];
    const width = extent(key, 1);
    const positions = extent('position_embedding', 1);
    const memory = memoryConfig(json, checkpoint);
    const ofMemory = memory?.parts.reduce((sum, count) => sum + count, 0) ?? 0;
    const tokens = length - ofMemory;
    if (tokens < 1 || tokens > positions) {
      const expectation = `must be ${1 + ofMemory} to ${positions + ofMemory}, the rows that the text encoder can give`;
      throw new InvalidOptionError('max_length', length, expectation);
    }
    return {
      kind: 'word-pieces',
      vocabulary: extent(key, 0),
      width,
      depth: checkpoint.count('blocks'),
      heads,
      inner: width,
      hidden: extent('blocks.0.mlp.fc1.weight', 0),
      length,
      tokens,
      ...(memory && { memory }),
      epsilon,
      buckets: 0,
      maxDistance: 0,
    };
  }
  const { feed_forward_proj: form = 'gated-gelu', relative_attention_max_distance: maxDistance = 128 } = json;
  if (form !== 'gated-gelu') {
    throw new InvalidOptionError(
      'feed_forward_proj',
      form,
      'must be gated-gelu: T5 v1.1 and Flan-T5 have it',
    );
  }
  const block = 'encoder.block.0.layer';
  const width = extent(EMBEDDINGS.t5, 1);
  const inner = json.d_kv === undefined ? width : json.d_kv * heads;
  return {
    kind: 't5',
    vocabulary: extent(EMBEDDINGS.t5, 0),
    width,
    depth: checkpoint.count('encoder.block'),
    heads,
    inner,
    hidden: extent(`${block}.1.DenseReluDense.wi_0.weight`, 0),
    length,
    tokens: length,
    epsilon,
    buckets: extent(`${block}.0.SelfAttention.relative_attention_bias.weight`, 0),
    maxDistance,
  };
}

function memoryConfig(
  { memory_parts: parts }: WordPieceEncoderConfigJson,
  checkpoint: Checkpoint,
): TextMemoryConfig | undefined {
  const table = checkpoint.shape('memory.weight');
  if (parts === undefined && table === undefined) return undefined;
  const most = Math.max(0, ...(parts ?? []));
  const channels = (table?.[1] ?? Number.NaN) / most;
  const slots = checkpoint.shape('slot_embedding')?.[1];
  if (
    parts?.length !== slots ||
    !Number.isInteger(channels) ||
    !parts?.every((count) => Number.isInteger(count) && count > 0)
  ) {
    const expectation =
      'must give the rows that each slot of the checkpoint reads, and be left out where it has no memory.weight';
    throw new InvalidOptionError('memory_parts', parts, expectation);
  }
  return { entries: table![0]!, parts, channels };
}
