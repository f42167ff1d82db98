import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GraphBuilder, saveGraph } from '@tessera/convert';
import type { Tensor } from 'onnxruntime-node';
import type { OpenSession } from './converted-models.js';

/** Runs a graph once that is saved for it. */
export async function runProbe(
  openSession: OpenSession,
  graph: GraphBuilder,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Readonly<Record<string, Float32Array>>> {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-parity-'));
  try {
    const path = join(folder, 'probe.onnx');
    await saveGraph(graph, path, { storage: 'fp32' });
    const session = await openSession(path);
    const outputs = await session.run(
      { ...feeds },
      graph.outputs.map(({ name }) => name),
    );
    const values = Object.entries(outputs).map(([name, { data }]) => [name, (data as Float32Array).slice()]);
    await session.release();
    return Object.fromEntries(values);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
