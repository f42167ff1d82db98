import { InvalidOptionError } from '@tessera/core';
import { assertInteger, assertNumber } from '@tessera/core/model';
import type { Checkpoint } from '../checkpoint/checkpoint.js';

/** Llama 3's change of the low rotary frequencies for longer contexts. */
export interface LlamaRopeScaling {
  readonly rope_type: string;
  readonly factor: number;
  readonly low_freq_factor: number;
  readonly high_freq_factor: number;
  readonly original_max_position_embeddings: number;
}

/** A Llama's `config.json`, as transformers writes it; other sizes are read off the tensors. */
export interface LlamaConfigJson {
  readonly num_attention_heads: number;
  /** @default num_attention_heads */
  readonly num_key_value_heads?: number;
  /** @default 1e-6 */
  readonly rms_norm_eps?: number;
  /** @default 10000 */
  readonly rope_theta?: number;
  readonly rope_scaling?: LlamaRopeScaling | null;
  /** The token that fills up a prompt. @default the first that ends a text, as the published code of Nitro-AR has it */
  readonly pad_token_id?: number | null;
  readonly eos_token_id?: number | readonly number[];
}

/** All sizes of a Llama. */
export interface LlamaConfig {
  readonly vocabulary: number;
  readonly width: number;
  readonly depth: number;
  /** Width of the MLP's hidden layer. */
  readonly hidden: number;
  readonly heads: number;
  /** Heads of keys and values, each shared by `heads` ÷ `keyHeads` heads. */
  readonly keyHeads: number;
  readonly headSize: number;
  readonly epsilon: number;
  /** Rotary frequencies, [headSize / 2]. */
  readonly frequencies: Float64Array;
  /** The token that fills up a prompt. */
  readonly padding: number;
}

const UNKNOWN = Number.NaN;

/**
 * Completes a configuration from a checkpoint's tensors; see `resolveMarConfig`.
 *
 * @throws InvalidOptionError for sizes out of range or in contradiction, and for ways of scaling the rotary frequencies that are
 *   not known
 */
export function resolveLlamaConfig(json: LlamaConfigJson, checkpoint: Checkpoint): LlamaConfig {
  const { num_attention_heads: heads, num_key_value_heads: keyHeads = heads } = json;
  assertInteger('num_attention_heads', heads, 1);
  assertInteger('num_key_value_heads', keyHeads, 1);
  if (heads % keyHeads !== 0) {
    throw new InvalidOptionError(
      'num_key_value_heads',
      keyHeads,
      `must divide num_attention_heads, ${heads}`,
    );
  }
  const { rms_norm_eps: epsilon = 1e-6, pad_token_id: pad, eos_token_id: end } = json;
  const padding = pad ?? [end].flat()[0];
  if (padding === undefined) {
    throw new InvalidOptionError(
      'eos_token_id',
      end,
      'must be given, or pad_token_id: it fills prompts up. Take config.json from where the weights are',
    );
  }
  assertInteger('pad_token_id', padding, 0);
  assertNumber('rms_norm_eps', epsilon, 0);
  const extent = (key: string, axis: number): number => checkpoint.shape(key)?.[axis] ?? UNKNOWN;
  const headSize = extent('layers.0.self_attn.q_proj.weight', 0) / heads;
  if (headSize % 2 !== 0 && !Number.isNaN(headSize)) {
    throw new InvalidOptionError('num_attention_heads', heads, 'must give heads of an even width');
  }
  return {
    vocabulary: extent('embed_tokens.weight', 0),
    width: extent('embed_tokens.weight', 1),
    depth: Math.max(1, checkpoint.count('layers')),
    hidden: extent('layers.0.mlp.gate_proj.weight', 0),
    heads,
    keyHeads,
    headSize,
    epsilon,
    frequencies: rotaryFrequencies(Number.isNaN(headSize) ? 0 : headSize, json),
    padding,
  };
}

/**
 * θ^(−2i/d), i < d/2. Llama 3.1 and later divide those by `factor` that turn less than `low_freq_factor` times over the original
 * context, leave those that turn more than `high_freq_factor` times, and go evenly from the one to the other between.
 */
function rotaryFrequencies(
  headSize: number,
  { rope_theta: theta = 10000, rope_scaling: scaling }: LlamaConfigJson,
): Float64Array {
  assertNumber('rope_theta', theta, 1);
  const plain = Float64Array.from({ length: headSize / 2 }, (_, i) => theta ** ((-2 * i) / headSize));
  if (!scaling) return plain;
  if (scaling.rope_type !== 'llama3') {
    throw new InvalidOptionError('rope_scaling.rope_type', scaling.rope_type, 'must be llama3, or left out');
  }
  const { factor, low_freq_factor: low, high_freq_factor: high } = scaling;
  const { original_max_position_embeddings: context } = scaling;
  for (const [name, value] of Object.entries({ factor, low, high, context })) {
    assertNumber(`rope_scaling: ${name}`, value, 0);
  }
  return plain.map((frequency) => {
    const turns = (context * frequency) / (2 * Math.PI);
    const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
    return frequency * (kept + (1 - kept) / factor);
  });
}
