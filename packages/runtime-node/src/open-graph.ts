import { availableParallelism } from 'node:os';

/** A graph on the CPU, in this thread. */
export interface OpenGraph {
  /** @returns all outputs, which have to be float32, by name */
  run(
    feeds: Readonly<
      Record<string, { readonly data: Float32Array | Int32Array; readonly dims: readonly number[] }>
    >,
  ): Promise<Record<string, Float32Array>>;
  release(): Promise<void>;
}

/**
 * Opens one graph of a model folder by itself, as `convertModel` of @tessera/convert does to check what it wrote. Its runs
 * hold up the event loop; `loadModel` runs a whole model in a thread of its own.
 *
 * @param path of the `.onnx` file, its weights beside it
 * @example
 * await convertModel({ ...options, openGraph });
 */
export async function openGraph(path: string): Promise<OpenGraph> {
  const [{ InferenceSession, Tensor }, { sessionOptions }] = await Promise.all([
    import('onnxruntime-node'),
    import('./session-options.js'),
  ]);
  const session = await InferenceSession.create(path, sessionOptions('cpu', availableParallelism()));
  return {
    async run(feeds) {
      const tensors = Object.entries(feeds).map(([name, { data, dims }]) => [
        name,
        data instanceof Float32Array ? new Tensor('float32', data, dims) : new Tensor('int32', data, dims),
      ]);
      const outputs = await session.run(Object.fromEntries(tensors));
      return Object.fromEntries(
        Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]),
      );
    },
    release: () => session.release(),
  };
}
