import { availableParallelism } from 'node:os';
import type { GraphValue, RunnableGraph } from '@tessera/convert';

/**
 * Opens one graph of a model folder by itself, on the CPU, as `convertModel` of @tessera/convert does to check what it wrote.
 * Its runs hold up the event loop; `loadModel` runs a whole model in a thread of its own.
 *
 * @param path of the `.onnx` file, its weights beside it
 * @example
 * await convertModel({ ...options, openGraph });
 */
export async function openGraph(path: string): Promise<RunnableGraph> {
  const [{ InferenceSession, Tensor }, { sessionOptions }] = await Promise.all([
    import('onnxruntime-node'),
    import('./session-options.js'),
  ]);
  // Weights are multiplied as they lie: a copy in the order of the processor's cache pays off over many runs.
  const options = sessionOptions('cpu', availableParallelism(), { disable_prepacking: '1' });
  const session = await InferenceSession.create(path, options);
  return {
    async run(feeds) {
      const tensors = Object.entries(feeds).map(([name, { type, data, dims }]) => [
        name,
        new Tensor(type, data as never, dims),
      ]);
      return (await session.run(Object.fromEntries(tensors))) as unknown as Record<string, GraphValue>;
    },
    release: () => session.release(),
  };
}
