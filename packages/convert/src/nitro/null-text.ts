import { readFile } from 'node:fs/promises';
import { Tokenizer } from '@huggingface/tokenizers';
import { floats, type GraphValue, integers, runOnce } from '../forward/graph-values.js';
import type { OpenWritten } from '../forward/open-stretches.js';
import { GraphBuilder } from '../graph/graph-builder.js';
import type { PromptTokens } from '../output/model-card.js';

/** The inputs of a text encoder for the prompt without words. @param tokenizer its `tokenizer.json` */
export async function emptyPrompt(
  tokenizer: string,
  length: number,
  { padding, tokens = length }: PromptTokens,
): Promise<{ readonly ids: GraphValue; readonly mask: GraphValue }> {
  const json = JSON.parse(await readFile(tokenizer, 'utf8')) as object;
  const { ids } = new Tokenizer(json, {}).encode('');
  const rows = Array.from({ length: tokens }, (_, row) => row);
  return {
    ids: integers(
      rows.map((row) => ids[row] ?? padding),
      [1, tokens],
    ),
    mask: integers(
      rows.map((row) => (row < ids.length ? 1 : 0)),
      [1, tokens],
    ),
  };
}

/** What the transformer takes of a prompt, [T, D]. @param open a graph of the folder by its name */
export async function encodedText(
  open: OpenWritten,
  prompt: Readonly<Record<string, GraphValue>>,
): Promise<Float32Array> {
  const { features } = await runOnce(await open('textEncoder'), prompt);
  const length = prompt.ids!.data.length;
  const { embedded } = await runOnce(await open('text'), {
    features: floats(features!, [1, length, features!.length / length]),
  });
  return embedded!;
}

/** A graph without inputs that gives the null text, `embedded` [1, T, D]. */
export function nullTextGraph(embedded: Float32Array, length: number): GraphBuilder {
  const graph = new GraphBuilder('nullText');
  const shape = [1, length, embedded.length / length];
  const stored = graph.weight({ name: 'null_text', shape, atLeast: 'fp32', load: async () => embedded });
  graph.output('embedded', graph.op('Identity', [stored]), 'float32', shape);
  return graph;
}
