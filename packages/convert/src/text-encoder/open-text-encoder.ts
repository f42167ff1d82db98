import { Checkpoint } from '../checkpoint/checkpoint.js';
import type { TensorFile } from '../checkpoint/tensor-file.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import { type LlamaConfigJson, resolveLlamaConfig } from '../llama/llama-config.js';
import { llamaGraph } from '../llama/llama-graph.js';
import type { PromptTokens } from '../output/model-card.js';
import { EMBEDDINGS, resolveTextEncoderConfig, type TextEncoderConfigJson } from './text-encoder-config.js';
import { T5_UNUSED, textEncoderGraph } from './text-encoder-graph.js';

/** Where a text encoder is. */
export interface TextEncoderSource {
  /** A T5 encoder or a Llama under Hugging Face's names, or one over word pieces as the embedded text model has it. */
  readonly checkpoint: string;
  readonly config: TextEncoderConfigJson | LlamaConfigJson;
  /** Its `tokenizer.json`. */
  readonly tokenizer: string;
}

/** A text encoder's graph, and what goes into and comes out of it. */
export interface OpenTextEncoder {
  readonly kind: 't5' | 'llama' | 'word-pieces';
  readonly checkpoint: Checkpoint;
  readonly graph: GraphBuilder;
  readonly prompts: PromptTokens;
  /** Ct: the width of a row. */
  readonly width: number;
}

/**
 * Builds a text encoder's graph; its configuration tells its kind.
 *
 * @param length T: rows that a prompt is padded or cut to
 * @throws CheckpointKeysError if the tensors are not those that the configuration asks for
 * @throws InvalidOptionError for sizes out of range or in contradiction
 */
export function openTextEncoder(
  file: TensorFile,
  json: TextEncoderSource['config'],
  length: number,
): OpenTextEncoder {
  if ('num_key_value_heads' in json) {
    const checkpoint = new Checkpoint(file, 'embed_tokens.weight', { ignore: ['lm_head.'] });
    const config = resolveLlamaConfig(json, checkpoint);
    const prompts = { padding: config.padding, endToken: false };
    const graph = llamaGraph(config, checkpoint, length);
    return { kind: 'llama', checkpoint, graph, prompts, width: config.width };
  }
  const kind = 'num_heads' in json ? 't5' : 'word-pieces';
  const checkpoint = new Checkpoint(file, EMBEDDINGS[kind], { ignore: T5_UNUSED });
  const config = resolveTextEncoderConfig(json, checkpoint, length);
  // T5's tokenizers and BERT's have their padding first.
  const prompts = { padding: 0, ...(config.tokens === length ? {} : { tokens: config.tokens }) };
  return { kind, checkpoint, graph: textEncoderGraph(config, checkpoint), prompts, width: config.width };
}
