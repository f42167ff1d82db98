import type { OpenWritten, RunnableGraph } from '@tessera/convert';
import type { ComponentName, Manifest } from '@tessera/format';
import { createMarModel, type ReferenceSample, recordReferenceSample } from '@tessera/onnx';

/**
 * Runs a model on fixed inputs, as `convertModel` of @tessera/convert stores it with what it has written. Its graphs are opened
 * as they run, one at a time, so it takes the memory of the largest.
 *
 * @param open opens a graph by its component's name
 * @example
 * await convertModel({ ...options, openGraph, recordSample });
 */
export async function recordSample(manifest: Manifest, open: OpenWritten): Promise<ReferenceSample> {
  const { Tensor } = await import('onnxruntime-node');
  let current: { readonly name: ComponentName; readonly graph: RunnableGraph } | undefined;
  const close = async (): Promise<void> => {
    const graph = current?.graph;
    current = undefined;
    await graph?.release();
  };
  const opened = async (name: ComponentName): Promise<RunnableGraph> => {
    if (current?.name === name) return current.graph;
    await close();
    const graph = await open(name);
    current = { name, graph };
    return graph;
  };
  const model = await createMarModel({
    manifest,
    dtype: manifest.variants[0]!.dtype,
    Tensor,
    isInMemory: true,
    onProgress: () => {},
    readFile: (path) => Promise.reject(new Error(`${path} is not needed.`)),
    createSession: async (name) => ({
      async run(feeds) {
        const graph = await opened(name);
        const outputs = Object.entries(await graph.run(feeds as Parameters<RunnableGraph['run']>[0]));
        return Object.fromEntries(
          outputs.map(([output, { type, data, dims }]) => [output, new Tensor(type, data as never, dims)]),
        );
      },
      release: close,
    }),
  });
  try {
    return await recordReferenceSample(model);
  } finally {
    await model.dispose();
  }
}
