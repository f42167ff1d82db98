import { rm, writeFile } from 'node:fs/promises';
import { type CancellationSignal, throwIfAborted } from '@tessera/core/model';
import { cutModel, type ModelStretch } from '../graph/cut-model.js';
import type { SavedGraph } from '../graph/graph-file.js';
import { type OnnxModel, writeModel } from '../graph/onnx-writer.js';
import type { GraphValue, RunnableGraph } from './graph-values.js';

/** Opens a graph that was written, by its component's name. */
export type OpenWritten = (graph: string) => Promise<RunnableGraph>;

/** Weights of a stretch in float32, in bytes. A runtime has them as they are stored as well. */
const STRETCH_BYTES = 128 * 1024 * 1024;

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
  // What is little more is opened once: the head runs many times.
  const stretches = model && cutModel(model, 2 * limit).length > 1 ? cutModel(model, limit) : [];
  if (!model || stretches.length === 0) return openGraph(path!);
  const results = model.outputs.map(({ name }) => name);
  return {
    async run(feeds) {
      let values: Readonly<Record<string, GraphValue>> = feeds;
      for (const [index, stretch] of stretches.entries()) {
        throwIfAborted(signal);
        const made = await runStretch(`${path}.stretch`, model, stretch, values, openGraph);
        const later = [...stretches.slice(index + 1).flatMap(({ inputs }) => inputs), ...results];
        values = pick({ ...values, ...made }, later);
      }
      return values;
    },
    release: async () => {},
  };
}

async function runStretch(
  path: string,
  { name }: OnnxModel,
  { nodes, initializers, ...ends }: ModelStretch,
  values: Readonly<Record<string, GraphValue>>,
  openGraph: (path: string) => Promise<RunnableGraph>,
): Promise<Readonly<Record<string, GraphValue>>> {
  const feeds = pick(values, ends.inputs);
  const inputs = Object.entries(feeds).map(([input, { type, dims }]) => ({ name: input, type, shape: dims }));
  const outputs = ends.outputs.map((output) => ({ name: output }));
  try {
    await writeFile(path, writeModel({ name, inputs, outputs, initializers, nodes }));
    const graph = await openGraph(path);
    try {
      return await graph.run(feeds);
    } finally {
      await graph.release();
    }
  } finally {
    await rm(path, { force: true });
  }
}

const pick = <T>(values: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> =>
  Object.fromEntries(names.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]])));
