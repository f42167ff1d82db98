import { rm, writeFile } from 'node:fs/promises';
import { type CancellationSignal, throwIfAborted } from '@tessera/core/model';
import { cutModel, type ModelStretch } from '../graph/cut-model.js';
import type { SavedGraph } from '../graph/graph-file.js';
import { type OnnxModel, writeModel } from '../graph/onnx-writer.js';
import type { GraphValue, RunnableGraph } from './graph-values.js';

/** Opens a graph that was written, by its component's name. */
export type OpenWritten = (graph: string) => Promise<RunnableGraph>;

/** Weights of a stretch in float32, in bytes. A runtime has them as they are stored as well; MAR-H's head fits in one stretch. */
const STRETCH_BYTES = 256 * 1024 * 1024;

/**
 * Opens a graph that was written. One with large weights is opened in stretches whenever it runs, of which one is in memory at
 * a time; the files that name them lie beside the weights for as long.
 *
 * @param openGraph opens a file
 * @param limit of a stretch's weights in float32, in bytes
 */
export async function openStretches(
  { files: [path], model }: SavedGraph,
  openGraph: (path: string) => Promise<RunnableGraph>,
  {
    limit = STRETCH_BYTES,
    signal,
  }: { readonly limit?: number; readonly signal?: CancellationSignal | undefined } = {},
): Promise<RunnableGraph> {
  throwIfAborted(signal);
  const stretches = model ? cutModel(model, limit) : [];
  if (!model || stretches.length < 2) return openGraph(path!);
  return {
    async run(feeds) {
      const values = new Map(Object.entries(feeds));
      for (const stretch of stretches) {
        throwIfAborted(signal);
        const made = await runStretch(`${path}.stretch`, model, stretch, values, openGraph);
        for (const [name, value] of Object.entries(made)) values.set(name, value);
      }
      return Object.fromEntries(model.outputs.map(({ name }) => [name, values.get(name)!]));
    },
    release: async () => {},
  };
}

async function runStretch(
  path: string,
  { name }: OnnxModel,
  { nodes, initializers, ...ends }: ModelStretch,
  values: ReadonlyMap<string, GraphValue>,
  openGraph: (path: string) => Promise<RunnableGraph>,
): Promise<Readonly<Record<string, GraphValue>>> {
  const feeds = ends.inputs.map((input) => [input, values.get(input)!] as const);
  const inputs = feeds.map(([input, { type, dims }]) => ({ name: input, type, shape: dims }));
  const outputs = ends.outputs.map((output) => ({ name: output }));
  try {
    await writeFile(path, writeModel({ name, inputs, outputs, initializers, nodes }));
    const graph = await openGraph(path);
    try {
      return await graph.run(Object.fromEntries(feeds));
    } finally {
      await graph.release();
    }
  } finally {
    await rm(path, { force: true });
  }
}
