import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { TextEncoder } from '@tessera/core/model';
import type { TextCondition } from '@tessera/format';
import { GraphTextEncoder } from '@tessera/onnx';

/**
 * A text encoder on the CPU, in this thread: what `convertTextEncoder` of @tessera/convert wrote.
 *
 * @param graph path of its graph
 * @param tokenizer path of its `tokenizer.json`
 * @example
 * const encoder = await openTextEncoder('text/text-encoder.onnx', 'text/tokenizer.json', { kind: 'text', length: 128, width: 2048 });
 */
export async function openTextEncoder(
  graph: string,
  tokenizer: string,
  condition: TextCondition,
): Promise<TextEncoder> {
  const [{ InferenceSession, Tensor }, { sessionOptions }] = await Promise.all([
    import('onnxruntime-node'),
    import('../session-options.js'),
  ]);
  return new GraphTextEncoder(
    condition,
    Tensor,
    () => InferenceSession.create(graph, sessionOptions('cpu', availableParallelism())),
    () => readFile(tokenizer, 'utf8'),
  );
}
